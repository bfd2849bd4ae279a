use super::*;
use crate::crypto::random::SeededRng;
use crate::model::password_policy::Password;

const PASSWORD: &str = "velvet orbit canyon mint";

/// Made by other implementations of [`PASSWORD`]: Django 5.2's hashers, the Python packages bcrypt
/// 5.0 and argon2-cffi 25.1, Python's hashlib (OpenSSL).
const MADE_ELSEWHERE: [(&str, &str); 11] = [
    (
        "Django, PBKDF2; hashlib.pbkdf2_hmac gives the same",
        "pbkdf2_sha256$100000$seasalt2024abcdefghij$1djOMIHgQOBO7bRQSTf8P/tjJ1R/YJ9B2Mu5Tn4vZNQ=",
    ),
    (
        "Django, scrypt",
        "scrypt$16384$seasalt2024abcdefghij$8$5$1/YATEVWzKpDwYCzCopG3kBF4+yKocDS2gQq5o3CBiEUrOf+qT65CX5mkyKZPsg+SoVDHX5p9A6x+V+nWIR2ig==",
    ),
    (
        "hashlib.scrypt, PHC",
        "$scrypt$ln=14,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$fcRhhsEoUgq4I4XPfbYwmAvilRnniMwLU18La5FEj2s",
    ),
    (
        "bcrypt, 2a",
        "$2a$10$TGHZEVHqPM9Q43M1UFBww.JjEM1EYIX8HeJQhN59G9e3RSfdj2X8S",
    ),
    (
        "bcrypt, 2b",
        "$2b$10$EvgiOzylYO087IsxCSEaXeQysS9bI3iYgCmKSFPvp1LRiYRuJplk2",
    ),
    (
        "bcrypt, 2y as PHP writes it",
        "$2y$10$EvgiOzylYO087IsxCSEaXeQysS9bI3iYgCmKSFPvp1LRiYRuJplk2",
    ),
    (
        "Django, bcrypt",
        "bcrypt$$2b$10$CwTycUXWue0Thq9StjUM0uPOeodsU10vz4qiytNbnAn0emybEBTAC",
    ),
    (
        "Django, bcrypt of SHA-256",
        "bcrypt_sha256$$2b$10$CwTycUXWue0Thq9StjUM0uJ7WADHZgnbySQb62xLAZjbdAXmxmyoC",
    ),
    (
        "argon2-cffi",
        "$argon2id$v=19$m=7168,t=5,p=1$AAECAwQFBgcICQoLDA0ODw$G6qaVXX/N5PVc7c2jHO56l1B1MxnprYKmd9IGZMYb3g",
    ),
    (
        "argon2-cffi's default, as Django writes it",
        "argon2$argon2id$v=19$m=65536,t=3,p=4$AAECAwQFBgcICQoLDA0ODw$dgP38F1XsIdlSBUNLUVs/qhw7LMP72dhbU+xhCZ1NR8",
    ),
    (
        "argon2-cffi, Argon2i",
        "$argon2i$v=19$m=19456,t=3,p=2$AAECAwQFBgcICQoLDA0ODw$nAh8V6YhrWUJ3Rvh7wIFz64OpHgD5DvPe5IIP6ix32w",
    ),
];

const CHEAP: fn() -> PasswordCost = || PasswordCost::new(16, 1).unwrap();

fn check(stored: &str, typed: &str) -> Result<Verified, UnreadableHash> {
    let password = Password::new(typed).unwrap();
    password::verify(CHEAP(), &password, stored, &mut Memory::default())
}

#[test]
fn takes_over_and_checks_what_others_made() {
    for (maker, text) in MADE_ELSEWHERE {
        let taken = ForeignHash::take_over(text).unwrap_or_else(|why| panic!("{maker}: {why}"));
        assert!(is_foreign(taken.as_stored()), "{maker}");
        let right = check(taken.as_stored(), PASSWORD);
        assert_eq!(right, Ok(Verified::Yes { needs_rehash: true }), "{maker}");
        for wrong in ["velvet orbit canyon mint ", "Velvet orbit canyon mint", ""] {
            assert_eq!(check(taken.as_stored(), wrong), Ok(Verified::No), "{maker}");
        }
    }
}

/// The Python package bcrypt made both: of the text as typed, and of its first 72 bytes.
#[test]
fn the_password_counts_as_it_was_typed_there() {
    let ligature = "$2b$10$CwTycUXWue0Thq9StjUM0uwCBqLlOA5/XyPqUejQ9.FvrdpusBoIe";
    let yes = Ok(Verified::Yes { needs_rehash: true });
    assert_eq!(check(ligature, "\u{fb01}ne ½ Straße"), yes);
    assert_eq!(check(ligature, "fine 1⁄2 Straße"), Ok(Verified::No));
    let long = "$2b$10$CwTycUXWue0Thq9StjUM0uOCy0ID32U1G0V9jj6uhkcmm5LlTciPW";
    let typed = "long ".repeat(14) + "ab";
    assert_eq!(check(long, &(typed.clone() + " and more")), yes);
    assert_eq!(check(long, &typed[..71]), Ok(Verified::No));
}

#[test]
fn what_is_too_cheap_or_too_dear_is_refused() {
    use ForeignHashError::{TooCheap, TooDear};

    let base = |maker: &str| {
        let found = MADE_ELSEWHERE.iter().find(|(name, _)| *name == maker);
        found.unwrap().1
    };
    let (pbkdf2, phc) = (
        base("Django, PBKDF2; hashlib.pbkdf2_hmac gives the same"),
        base("hashlib.scrypt, PHC"),
    );
    let (django, bcrypt) = (base("Django, scrypt"), base("bcrypt, 2b"));
    let (small, cffi) = (
        base("argon2-cffi"),
        base("argon2-cffi's default, as Django writes it"),
    );
    for (text, from, to, refusal) in [
        (pbkdf2, "$100000$", "$99999$", TooCheap(pbkdf2::BOUNDS)),
        (pbkdf2, "$100000$", "$2000001$", TooDear(pbkdf2::BOUNDS)),
        (phc, "ln=14", "ln=13", TooCheap(scrypt::BOUNDS)),
        (phc, "ln=14", "ln=17", TooDear(scrypt::BOUNDS)),
        (phc, "ln=14", "ln=31", TooDear(scrypt::BOUNDS)),
        (phc, "p=1", "p=9", TooDear(scrypt::BOUNDS)),
        (phc, "p=1", "p=4294967295", TooDear(scrypt::BOUNDS)),
        (phc, "r=8", "r=65536", TooDear(scrypt::BOUNDS)),
        (django, "$16384$", "$131072$", TooDear(scrypt::BOUNDS)),
        (django, "$16384$", "$8192$", TooCheap(scrypt::BOUNDS)),
        (bcrypt, "$10$", "$09$", TooCheap(bcrypt::BOUNDS)),
        (bcrypt, "$10$", "$15$", TooDear(bcrypt::BOUNDS)),
        (small, "t=5", "t=4", TooCheap(argon2::BOUNDS)),
        (small, "m=7168", "m=7167", TooCheap(argon2::BOUNDS)),
        (small, "t=5", "t=11", TooDear(argon2::BOUNDS)),
        (cffi, "m=65536", "m=65537", TooDear(argon2::BOUNDS)),
        (cffi, "m=65536", "m=102400", TooDear(argon2::BOUNDS)),
    ] {
        let text = text.replace(from, to);
        assert_eq!(ForeignHash::take_over(&text).err(), Some(refusal), "{text}");
        if matches!(refusal, TooDear(_)) {
            assert_eq!(check(&text, PASSWORD), Err(UnreadableHash), "{text}");
        }
    }
}

#[test]
fn what_is_no_whole_hash_is_refused() {
    let short = "a".repeat(600);
    for text in [
        "",
        "!",
        "velvet orbit canyon mint",
        "md5$salt$0123456789abcdef0123456789abcdef",
        "$6$salt$hash",
        "$argon2d$v=19$m=19456,t=3,p=2$AAECAwQFBgcICQoLDA0ODw$nAh8V6YhrWUJ3Rvh7wIFz64OpHgD5DvPe5IIP6ix32w",
        "$2x$10$EvgiOzylYO087IsxCSEaXeQysS9bI3iYgCmKSFPvp1LRiYRuJplk2",
        short.as_str(),
    ] {
        let refused = ForeignHash::take_over(text).err();
        assert_eq!(refused, Some(ForeignHashError::Unknown), "{text}");
    }
    for (maker, text) in MADE_ELSEWHERE {
        let (head, _) = text.rsplit_once('$').unwrap();
        let mut cut = vec![head.to_owned(), format!("{head}$"), format!("{text}$")];
        // Argon2's output may have many lengths; one that was cut matches nothing.
        cut.extend((!text.contains("argon2")).then(|| text[..text.len() - 20].to_owned()));
        for text in cut {
            let refused = ForeignHash::take_over(&text).err();
            let malformed = matches!(refused, Some(ForeignHashError::Malformed(_)));
            assert!(malformed, "{maker}: {refused:?}");
        }
    }
    for text in [
        "$argon2id$v=16$m=19456,t=3,p=2$AAECAwQFBgcICQoLDA0ODw$nAh8V6YhrWUJ3Rvh7wIFz64OpHgD5DvPe5IIP6ix32w",
        "$argon2id$v=19$m=19456,t=3,p=2,data=AAAA$AAECAwQFBgcICQoLDA0ODw$nAh8V6YhrWUJ3Rvh7wIFz64OpHgD5DvPe5IIP6ix32w",
        "pbkdf2_sha256$0$seasalt$1djOMIHgQOBO7bRQSTf8P/tjJ1R/YJ9B2Mu5Tn4vZNQ=",
        "pbkdf2_sha256$100000$$1djOMIHgQOBO7bRQSTf8P/tjJ1R/YJ9B2Mu5Tn4vZNQ=",
        "scrypt$16383$salt$8$1$1/YATEVWzKpDwYCzCopG3kBF4+yKocDS2gQq5o3CBiE=",
        "$scrypt$ln=255,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$fcRhhsEoUgq4I4XPfbYwmAvilRnniMwLU18La5FEj2s",
        "$scrypt$ln=14,r=0,p=1$AAECAwQFBgcICQoLDA0ODw$fcRhhsEoUgq4I4XPfbYwmAvilRnniMwLU18La5FEj2s",
        "$scrypt$ln=14,r=8,p=0$AAECAwQFBgcICQoLDA0ODw$fcRhhsEoUgq4I4XPfbYwmAvilRnniMwLU18La5FEj2s",
    ] {
        let refused = ForeignHash::take_over(text).err();
        let malformed = matches!(refused, Some(ForeignHashError::Malformed(_)));
        assert!(malformed, "{text}: {refused:?}");
    }
}

/// The words of a refusal go to terminals and logs: they hold nothing of the hash.
#[test]
fn a_refusal_does_not_repeat_the_hash() {
    for text in [
        "secret-plain-text",
        "$2b$09$EvgiOzylYO087IsxCSEaXeQysS9bI3iYgCmKSFPvp1LRiYRuJplk2",
    ] {
        let words = ForeignHash::take_over(text).err().unwrap().to_string();
        assert!(
            !words.contains("secret") && !words.contains("Evgi"),
            "{words}"
        );
    }
}

/// The memory that Argon2 has filled tells how much was spent beside the stored hash.
#[test]
fn a_check_costs_what_one_of_ours_does_at_least() {
    let dear = PasswordCost::new(19 * 1024, 2).unwrap();
    let password = Password::new(PASSWORD).unwrap();
    for (maker, text) in MADE_ELSEWHERE {
        let taken = ForeignHash::take_over(text).unwrap();
        let mut memory = Memory::default();
        password::verify(dear, &password, taken.as_stored(), &mut memory).unwrap();
        let least = if maker.starts_with("argon2-cffi") {
            7168
        } else {
            19 * 1024
        };
        assert!(
            memory.blocks_held() >= least,
            "{maker}: {}",
            memory.blocks_held()
        );
    }
    let ours = password::hash(dear, PASSWORD, &SeededRng::new(1), &mut Memory::default()).unwrap();
    assert!(!is_foreign(&ours));
}
