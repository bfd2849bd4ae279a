//! The people: a holder with several tabs, the holder of another session, a thief.

use signet::model::{refresh_token::Generation, rule::Verdict, session::EndReason};

use super::{
    law::SESSIONS,
    node::{Job, NODES, Outcome, Refresh, Stage, Task},
    schedule::Fate,
    setup::Setup,
    sql::Target,
    truth::{AT_ONCE, Worth, goes_on},
    world::{World, name},
};

/// Whose request it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Tab(usize),
    Thief,
    /// The network: nobody waits for the answer.
    Nobody,
}

pub(crate) struct Request {
    pub(crate) session: usize,
    pub(crate) presented: Generation,
    by: By,
    sent: i64,
    fate: Fate,
    /// Whether the node knew when it arrived that the session had ended.
    barred: bool,
    /// What it was worth to the store that never fails.
    pub(crate) worth: Option<Worth>,
}

/// An answer on its way.
pub(crate) struct Answer {
    request: usize,
    token: Generation,
}

/// A token store that tabs share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Jar {
    pub(crate) token: Generation,
    /// Whether a request was not answered, and will be repeated.
    pub(crate) unanswered: bool,
    /// Whether the holder was told that the session is over.
    pub(crate) over: bool,
    pub(crate) answered: i64,
}

pub(crate) struct People {
    /// The token stores of both sessions' holders.
    pub(crate) jars: [Jar; SESSIONS],
    /// Which tabs wait for an answer.
    waiting: Vec<bool>,
    pub(crate) thief: Option<Generation>,
    /// Whether the thief presented anything, and was answered.
    acted: bool,
    pub(crate) stole: bool,
    turn: usize,
}

/// How often somebody may go on by whose presentation the session ought to have ended: a store that
/// lags behind by a moment sees it as the one before.
const OVERDUE: u32 = 1;

/// The tab of the other session.
const OTHER: usize = 99;

impl People {
    pub(crate) fn new(setup: &Setup) -> Self {
        let jar = Jar {
            token: Generation::FIRST,
            unanswered: false,
            over: false,
            answered: super::law::BEGINNING,
        };
        Self {
            jars: [jar; SESSIONS],
            waiting: vec![false; setup.tabs],
            thief: None,
            acted: false,
            stole: false,
            turn: 0,
        }
    }

    /// Whether anybody will repeat a request.
    pub(crate) fn somebody_waits(&self) -> bool {
        self.jars.iter().any(|jar| jar.unanswered && !jar.over)
    }

    /// Copies the token that the tabs share.
    pub(crate) fn steal(&mut self) {
        self.thief = Some(self.jars[0].token);
    }
}

impl World {
    /// A tab of the first session sends what the tabs share, unless it waits for an answer.
    pub(crate) fn send(&mut self, tab: usize, node: usize, fate: Fate) {
        let tab = tab % self.setup.tabs;
        if !self.people.waiting[tab] {
            self.people.waiting[tab] = true;
            let token = self.people.jars[0].token;
            self.request(0, token, By::Tab(tab), node, fate);
        }
    }

    pub(crate) fn send_other(&mut self, node: usize) {
        let token = self.people.jars[1].token;
        self.request(1, token, By::Tab(OTHER), node, Fate::Arrives);
    }

    pub(crate) fn send_stolen(&mut self, node: usize) {
        if let Some(token) = self.people.thief {
            self.people.acted = true;
            self.request(0, token, By::Thief, node, Fate::Arrives);
        }
    }

    /// A request of a moment ago arrives once more.
    pub(crate) fn repeat(&mut self, which: usize, node: usize) {
        let (now, patience) = (self.now, self.patience());
        let recent = |request: &&Request| now - request.sent <= patience;
        let recent: Vec<&Request> = self.requests.iter().rev().take_while(recent).collect();
        if !recent.is_empty() {
            let again = recent[which % recent.len()];
            let (session, token) = (again.session, again.presented);
            self.request(session, token, By::Nobody, node, Fate::Lost);
        }
    }

    fn request(&mut self, session: usize, presented: Generation, by: By, node: usize, fate: Fate) {
        let up = [node, 1 - node]
            .into_iter()
            .find(|node| self.nodes[*node].up);
        self.say(|_| format!("{by:?} presents {} to {}", presented.number(), name(node)));
        let Some(node) = up else {
            return self.unanswered(session, by);
        };
        self.requests.push(Request {
            session,
            presented,
            by,
            sent: self.now,
            fate,
            barred: self.truth.knows[node][session],
            worth: None,
        });
        let refresh = Refresh {
            request: self.requests.len() - 1,
            session,
            presented,
            stage: Stage::Redis,
            tries: 0,
            fills: 0,
        };
        self.tasks.push(Task {
            node,
            began: self.now,
            job: Job::Refresh(refresh),
        });
    }

    /// Holders whose requests were not answered repeat them.
    pub(crate) fn retry(&mut self) {
        for session in 0..SESSIONS {
            let jar = self.people.jars[session];
            if jar.unanswered && !jar.over {
                self.people.turn += 1;
                let node = if self.setup.sticky {
                    0
                } else {
                    self.people.turn % NODES
                };
                if session == 0 {
                    self.send(0, node, Fate::Arrives);
                } else {
                    self.send_other(node);
                }
                self.finish();
            }
        }
    }

    /// A node is done with a request.
    pub(crate) fn answer(&mut self, node: usize, request: usize, outcome: Outcome) {
        let Request { session, by, .. } = self.requests[request];
        match outcome {
            Outcome::Answer(token) => {
                self.check_answer(node, request, token);
                match self.requests[request].fate {
                    Fate::Arrives => self.deliver(&Answer { request, token }),
                    Fate::HeldUp => self.held_up.push(Answer { request, token }),
                    Fate::Lost => self.unanswered(session, by),
                }
            }
            Outcome::Refused(verdict) => {
                self.check_refusal(node, request, verdict);
                if self.requests[request].fate == Fate::Lost {
                    self.unanswered(session, by);
                } else {
                    self.refuse(session, by);
                }
            }
            Outcome::Unavailable => {
                self.say(|_| format!("  {}: 503 to {by:?}", name(node)));
                self.unanswered(session, by);
            }
        }
    }

    /// Whoever sent it hears nothing, or to come again.
    pub(crate) fn unanswered(&mut self, session: usize, by: By) {
        if let By::Tab(tab) = by {
            self.people.jars[session].unanswered = true;
            self.no_longer_waits(tab);
        }
    }

    fn no_longer_waits(&mut self, tab: usize) {
        if let Some(waiting) = self.people.waiting.get_mut(tab) {
            *waiting = false;
        }
    }

    fn refuse(&mut self, session: usize, by: By) {
        match by {
            By::Tab(tab) => {
                self.people.jars[session].over = true;
                self.no_longer_waits(tab);
            }
            By::Thief => self.people.thief = None,
            By::Nobody => {}
        }
    }

    /// Delivers all answers that were held up, in their order.
    pub(crate) fn deliver_all(&mut self) {
        for answer in std::mem::take(&mut self.held_up) {
            self.deliver(&answer);
        }
    }

    fn deliver(&mut self, answer: &Answer) {
        let request = &self.requests[answer.request];
        let (session, by, presented) = (request.session, request.by, request.presented);
        match by {
            By::Tab(tab) => {
                let jar = &mut self.people.jars[session];
                if jar.token == presented || self.setup.cookie {
                    jar.token = answer.token;
                }
                jar.unanswered = false;
                jar.answered = self.now;
                self.no_longer_waits(tab);
            }
            By::Thief => {
                self.people.thief = Some(answer.token);
                self.people.stole = true;
            }
            By::Nobody => {}
        }
    }

    /// A node dies: whoever waits for it hears nothing.
    pub(crate) fn kill(&mut self, node: usize) {
        let mut waiting = Vec::new();
        self.tasks.retain(|task| {
            if task.node == node
                && let Job::Refresh(refresh) = &task.job
            {
                waiting.push(refresh.request);
            }
            task.node != node
        });
        for request in waiting {
            let Request { session, by, .. } = self.requests[request];
            self.unanswered(session, by);
        }
        self.nodes[node].up = false;
        self.lossy |= self.nodes[node].forget();
    }

    /// The holder logs out.
    pub(crate) fn log_out(&mut self, node: usize) {
        let target = Target::One(0);
        self.end(node, target, EndReason::Logout);
    }

    /// Somebody ends sessions at a node.
    pub(crate) fn end(&mut self, node: usize, target: Target, reason: EndReason) {
        if !self.nodes[node].up {
            return;
        }
        self.say(|_| format!("{} ends {target:?}: {reason}", name(node)));
        for session in 0..SESSIONS {
            let hit = match target {
                Target::One(one) => one == session,
                Target::All { except } => except != Some(session),
            };
            if hit {
                self.truth.end(session, reason, self.now);
            }
        }
        self.tasks.push(Task {
            node,
            began: self.now,
            job: Job::End(super::node::Ending {
                target,
                reason,
                held: false,
            }),
        });
    }

    fn check_answer(&mut self, node: usize, request: usize, token: Generation) {
        let Request {
            session,
            presented,
            by,
            barred,
            worth,
            ..
        } = self.requests[request];
        let newest = self.truth.sessions[session].family.generation;
        let ideally = worth.map(|worth| worth.value);
        self.say(|_| {
            format!(
                "  {}: {} to {by:?}, ideally {ideally:?}",
                name(node),
                token.number()
            )
        });
        if token <= presented {
            self.broken("an answer is above what was presented");
        }
        // That a session was idle for too long is known only where nothing was lost.
        if token > newest && worth.is_some_and(|worth| goes_on(worth.alive)) {
            self.broken("there is one successor");
        }
        if barred && self.truth.knows[node][session] {
            self.broken("a revoked session never refreshes again");
        }
        let overdue = worth.is_some_and(|worth| worth.overdue) && !self.lossy;
        if overdue && self.now - self.overdue.1 > AT_ONCE {
            self.overdue = (self.overdue.0 + 1, self.now);
            if self.overdue.0 > OVERDUE {
                self.broken("thief and victim do not both go on");
            }
        }
    }

    fn check_refusal(&mut self, node: usize, request: usize, refusal: Verdict) {
        self.presented(request);
        let Request {
            session, by, worth, ..
        } = self.requests[request];
        let ideally = worth.map(|worth| worth.value);
        self.say(|_| {
            format!(
                "  {}: {refusal:?} to {by:?}, ideally {ideally:?}",
                name(node)
            )
        });
        let ideal = &self.truth.sessions[session];
        let slept = self.now - self.people.jars[session].answered > 13 * super::law::DAY;
        let excused = by == By::Thief
            || self.people.acted
            || ideal.ended.is_some()
            || ideal.grey
            || (self.setup.strict && self.untidy())
            || (refusal == Verdict::Ended(EndReason::Idle) && slept);
        if !excused && ideally.is_some_and(goes_on) {
            self.broken("no honest holder is refused because of infrastructure");
        }
    }

    /// Whether strict mode waives its promise: something was presented twice.
    fn untidy(&self) -> bool {
        let faults = &self.setup.faults;
        self.setup.tabs > 1 || faults.answers || faults.replies || faults.kills
    }
}
