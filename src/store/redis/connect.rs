//! One connection to the Redis that takes writes.

use std::{fs, time::Duration};

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _,
    RedisConnectionInfo, TlsCertificates, aio::MultiplexedConnection, cmd, io::tcp::TcpSettings,
};

use super::{
    address::{Host, Login, Place, RedisAddress, Tls},
    link::Away,
};

/// How long a connection may take, TLS and login included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(400);
/// The oldest version with the commands that the scripts use.
const OLDEST: (u32, u32) = (6, 2);

/// Connects, through the Sentinels where there are any, to a server that is a master of our kind.
pub(super) async fn connect(address: &RedisAddress) -> Result<MultiplexedConnection, Away> {
    let place = match &address.place {
        Place::Server(host) => at(host, address.tls.as_ref()),
        Place::Socket(path) => ConnectionAddr::Unix(path.clone()),
        Place::Sentinels {
            hosts,
            master,
            login,
        } => at(
            &master_of(hosts, master, login, address.tls.as_ref()).await?,
            address.tls.as_ref(),
        ),
    };
    let mut connection = open(
        place,
        &address.login,
        address.database,
        address.tls.as_ref(),
    )
    .await?;
    let greeting: Vec<redis::Value> = cmd("HELLO").query_async(&mut connection).await?;
    fit(&greeting)?;
    Ok(connection)
}

/// Whether the Redis at an address would be used, and if so what its operator should set otherwise,
/// a sentence each. The error is a clause about it.
pub async fn look(address: &RedisAddress) -> Result<Vec<&'static str>, String> {
    match connect(address).await {
        Ok(connection) => Ok(advice(&connection).await),
        Err(away) => Err(away.to_string()),
    }
}

/// What an operator should set otherwise, a sentence each; nothing where Redis does not tell.
pub(super) async fn advice(connection: &MultiplexedConnection) -> Vec<&'static str> {
    let mut connection = connection.clone();
    let mut info = async |section: &str| -> String {
        let told = cmd("INFO").arg(section).query_async(&mut connection).await;
        told.unwrap_or_default()
    };
    let (memory, persistence) = (info("memory").await, info("persistence").await);
    let value = |text: &str, name: &str| -> Option<String> {
        let lines = text.lines();
        let mut values = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        values.next().map(|value| value.trim().to_owned())
    };
    let mut advice = Vec::new();
    if value(&memory, "maxmemory_policy").is_some_and(|policy| policy != "noeviction") {
        advice.push(
            "Redis may evict sessions when its memory is full; set maxmemory-policy noeviction",
        );
    }
    if value(&persistence, "aof_enabled").is_some_and(|enabled| enabled != "1") {
        advice.push(
            "Redis forgets everything when it restarts; set appendonly yes and appendfsync everysec",
        );
    }
    advice
}

/// Asks one Sentinel after the other.
async fn master_of(
    sentinels: &[Host],
    master: &str,
    login: &Login,
    tls: Option<&Tls>,
) -> Result<Host, Away> {
    let mut last = Away::new(format!("no Sentinel knows the master {master:?}"));
    for sentinel in sentinels {
        let asked = async {
            let mut connection = open(at(sentinel, tls), login, 0, tls).await?;
            let ask = cmd("SENTINEL")
                .arg("GET-MASTER-ADDR-BY-NAME")
                .arg(master)
                .query_async::<Option<(String, u16)>>(&mut connection)
                .await?;
            Ok::<_, Away>(ask)
        };
        match asked.await {
            Ok(Some((name, port))) => return Ok(Host { name, port }),
            Ok(None) => {}
            Err(away) => last = away,
        }
    }
    Err(last)
}

fn at(host: &Host, tls: Option<&Tls>) -> ConnectionAddr {
    let (host, port) = (host.name.clone(), host.port);
    match tls {
        None => ConnectionAddr::Tcp(host, port),
        Some(_) => ConnectionAddr::TcpTls {
            host,
            port,
            insecure: false,
            tls_params: None,
        },
    }
}

async fn open(
    place: ConnectionAddr,
    login: &Login,
    database: u32,
    tls: Option<&Tls>,
) -> Result<MultiplexedConnection, Away> {
    let mut settings = RedisConnectionInfo::default()
        .set_db(i64::from(database))
        .set_skip_set_lib_name();
    if let Some(user) = &login.user {
        settings = settings.set_username(user);
    }
    if let Some(password) = &login.password {
        settings = settings.set_password(password.as_str());
    }
    let info = place
        .into_connection_info()?
        .set_redis_settings(settings)
        .set_tcp_settings(TcpSettings::default().set_nodelay(true));
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(ANSWER_TIMEOUT));
    let client = client(info, tls)?;
    let connection = client.get_multiplexed_async_connection_with_config(&config);
    Ok(connection.await?)
}

/// The files are read anew for each connection, so that a certificate can be replaced.
fn client(info: ConnectionInfo, tls: Option<&Tls>) -> Result<Client, Away> {
    let Some(tls) = tls else {
        return Ok(Client::open(info)?);
    };
    let read = |path: &std::path::PathBuf| {
        fs::read(path).map_err(|cause| Away::new(format!("{}: {cause}", path.display())))
    };
    let client_tls = match &tls.certificate {
        None => None,
        Some((certificate, key)) => Some(redis::ClientTlsConfig {
            client_cert: read(certificate)?,
            client_key: read(key)?,
        }),
    };
    let root_cert = tls.authority.as_ref().map(read).transpose()?;
    let certificates = TlsCertificates {
        client_tls,
        root_cert,
    };
    Ok(Client::build_with_tls(info, certificates)?)
}

/// Judges what a server says of itself (`HELLO`, which every user may send).
fn fit(greeting: &[redis::Value]) -> Result<(), Away> {
    let text = |wanted: &str| {
        let mut pairs = greeting.chunks_exact(2);
        let pair = pairs.find(|pair| as_text(&pair[0]) == Some(wanted))?;
        as_text(&pair[1])
    };
    let version = text("version").unwrap_or_default();
    let mut numbers = version.split('.').map(|part| part.parse().unwrap_or(0));
    let found = (
        numbers.next().unwrap_or_default(),
        numbers.next().unwrap_or_default(),
    );
    if found < OLDEST {
        return Err(Away::new(format!(
            "it is Redis {version}, and 6.2 is the oldest that will do"
        )));
    }
    match (text("mode"), text("role")) {
        (Some("cluster"), _) => Err(Away::new("it is a Redis Cluster, which will not do")),
        (Some("sentinel"), _) => Err(Away::new(
            "it is a Sentinel; write redis+sentinel:// and the master's name",
        )),
        (_, Some("master")) => Ok(()),
        _ => Err(Away::new("it is a replica, which takes no writes")),
    }
}

fn as_text(value: &redis::Value) -> Option<&str> {
    match value {
        redis::Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        redis::Value::SimpleString(text) => Some(text),
        _ => None,
    }
}
