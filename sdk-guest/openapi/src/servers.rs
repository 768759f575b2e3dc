//! Where the API is: the hosts of the manifest, made from `servers` and their variables.

use domain::egress::{HostTemplate, Origin};
use serde_json::{Value, json};
use wit::InputKind;

use crate::config::Config;
use crate::document::shown;
use crate::names::snake;
use crate::project::Notes;

const BASE_URL: &str = "base_url";
const SERVER: &str = "server";

/// Where requests of an operation go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    /// As in the manifest's `hosts`.
    pub(crate) host: String,
    /// Without a slash at its end; often empty.
    pub(crate) base: String,
}

/// The server of a list of them, with whatever settings it needs. None where the list is empty or no list.
pub(crate) fn of(
    list: Option<&Value>,
    place: &str,
    config: &mut Config,
    notes: &mut Notes,
) -> Option<Server> {
    let list = list.and_then(Value::as_array).filter(|list| !list.is_empty())?;
    // Without a scheme of its own an address has that of the document, which came over a secure line.
    let url = |server: &Value| {
        let url = server.get("url").and_then(Value::as_str).unwrap_or_default();
        if url.starts_with("//") { format!("https:{url}") } else { url.to_owned() }
    };
    let score = |server: &&Value| match url(server).as_str() {
        url if is_local(url) => 3,
        url if url.starts_with("https://") => 0,
        url if url.contains('{') => 1,
        _ => 2,
    };
    // The first of the best.
    let chosen = list.iter().min_by_key(score)?;
    if let Some(server) = one_of_several(list, config) {
        return Some(server);
    }
    let others: Vec<String> =
        list.iter().map(url).filter(|other| *other != url(chosen)).map(|url| shown(&url)).collect();
    if !others.is_empty() {
        notes.add(
            place,
            format!(
                "of several servers only {} is asked for; left out: {}",
                shown(&url(chosen)),
                others.join(", ")
            ),
        );
    }
    Some(read(chosen, &url(chosen), place, config, notes))
}

fn is_local(url: &str) -> bool {
    url.contains("://localhost") || url.contains("://127.0.0.1")
}

/// Where all servers are whole origins with the same base path, a profile may choose among them.
fn one_of_several(list: &[Value], config: &mut Config) -> Option<Server> {
    let split = |server: &Value| {
        let (origin, base) = split(server.get("url")?.as_str()?)?;
        let origin: Origin = origin.parse().ok()?;
        Some((origin.to_string(), base))
    };
    let all: Vec<(String, String)> = list.iter().map(split).collect::<Option<_>>()?;
    let (first, base) = all.first()?.clone();
    if all.len() < 2 || all.iter().any(|(_, other)| *other != base) {
        return None;
    }
    let mut origins: Vec<String> = all.into_iter().map(|(origin, _)| origin).collect();
    origins.dedup();
    let described = json!({"type": "string", "title": "Server", "enum": origins, "default": first});
    config.input(SERVER, InputKind::Origin, Some(first), described);
    Some(Server { host: format!("{{{SERVER}}}"), base })
}

fn read(server: &Value, url: &str, place: &str, config: &mut Config, notes: &mut Notes) -> Server {
    let variables = server.get("variables").and_then(Value::as_object);
    let default = |name: &str| {
        let variable = variables.and_then(|variables| variables.get(name));
        variable.and_then(|variable| variable.get("default")).and_then(Value::as_str)
    };
    if let Some(server) = whole_in_variable(url, &default, config) {
        return server;
    }
    let Some((origin, base)) = split(url) else {
        // Relative to where the document came from, which nobody told us.
        return Server { host: whole(config), base: base_path(&fixed(url, &default, place, notes)) };
    };
    let base = base_path(&fixed(&base, &default, place, notes));
    let origin = match origin.strip_prefix("http://").filter(|_| !is_local(url)) {
        Some(host) => {
            notes
                .add(place, format!("{} is asked over https: a host sends nothing in the clear", shown(url)));
            format!("https://{host}")
        }
        None => origin,
    };
    match template(&origin, variables, config) {
        Some(host) => Server { host, base },
        None => {
            let filled = fixed(&origin, &default, place, notes);
            match HostTemplate::parse(&filled, &[]) {
                Ok(_) => Server { host: filled, base },
                Err(error) => {
                    notes.add(place, format!("{} is no host that can be asked for ({error}); the setting `{BASE_URL}` says where the API is", shown(url)));
                    Server { host: whole(config), base }
                }
            }
        }
    }
}

/// `{host}/v1`, where the variable's default is a whole origin: a setting that says another one.
fn whole_in_variable<'a>(
    url: &str,
    default: &impl Fn(&str) -> Option<&'a str>,
    config: &mut Config,
) -> Option<Server> {
    let (name, base) = url.strip_prefix('{')?.split_once('}')?;
    let (origin, inner) = split(default(name)?)?;
    let origin: Origin = origin.parse().ok()?;
    if base.contains('{') || !(base.is_empty() || base.starts_with('/')) {
        return None;
    }
    let name = snake(name);
    let described = json!({"type": "string", "title": "Where the API is", "default": origin.to_string()});
    config.input(&name, InputKind::Origin, Some(origin.to_string()), described);
    Some(Server { host: format!("{{{name}}}"), base: base_path(&format!("{inner}{base}")) })
}

/// The origin as a host template whose variables become settings, if that is one.
fn template(
    origin: &str,
    variables: Option<&serde_json::Map<String, Value>>,
    config: &mut Config,
) -> Option<String> {
    let mut host = String::new();
    let mut inputs = Vec::new();
    let mut rest = origin;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}')?;
        host.push_str(before);
        let variable = variables.and_then(|variables| variables.get(name));
        let default = variable.and_then(|variable| variable.get("default")).and_then(Value::as_str);
        let input_name = snake(name);
        // A scheme or a port is nothing that a profile may choose here.
        let is_host = host.contains("://") && !host.rsplit("://").next().unwrap_or_default().contains(':');
        if !is_host {
            host.push_str(default?);
            rest = behind;
            continue;
        }
        let alone = host.ends_with("://") && (behind.is_empty() || behind.starts_with(':'));
        let kind = if alone { InputKind::HostName } else { InputKind::Label };
        host.push_str(&format!("{{{input_name}}}"));
        let mut described = json!({"type": "string"});
        for member in ["description", "enum", "default"] {
            if let (Some(value), Some(members)) =
                (variable.and_then(|variable| variable.get(member)), described.as_object_mut())
            {
                members.insert(member.to_owned(), value.clone());
            }
        }
        inputs.push((
            wit::HostInput { name: input_name, kind, default: default.map(str::to_owned) },
            described,
        ));
        rest = behind;
    }
    host.push_str(rest);
    // The host's own rules decide: a label below a registry, for instance, is refused.
    let all: Vec<wit::HostInput> = inputs.iter().map(|(input, _)| input.clone()).collect();
    HostTemplate::parse(&host, &all).ok()?;
    for (input, described) in inputs {
        // A default that is no value of its kind is an example for people.
        let default = input.default.clone().filter(|value| HostTemplate::accepts(&input, value).is_ok());
        let mut described = described;
        if let (None, Some(members)) = (&default, described.as_object_mut()) {
            members.remove("default");
        }
        config.input(&input.name, input.kind, default, described);
    }
    Some(host)
}

/// The setting that says the whole origin.
pub(crate) fn whole(config: &mut Config) -> String {
    let described = json!({"type": "string", "title": "Where the API is", "description": "For instance https://api.example.com"});
    config.input(BASE_URL, InputKind::Origin, None, described);
    format!("{{{BASE_URL}}}")
}

/// With every variable at its default.
fn fixed<'a>(
    text: &str,
    default: &impl Fn(&str) -> Option<&'a str>,
    place: &str,
    notes: &mut Notes,
) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else { break };
        filled.push_str(before);
        let value = default(name).unwrap_or_default();
        filled.push_str(value);
        notes.add(place, format!("the server's variable {:?} is always {:?}", shown(name), shown(value)));
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

/// Origin and path of an absolute URL; the origin's variables may be anything but `/`.
pub(crate) fn split(url: &str) -> Option<(String, String)> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at_checked(end)?;
    Some((format!("{scheme}://{}", without_case(host)), base_path(path)))
}

/// Host names have no case; names of variables do.
fn without_case(host: &str) -> String {
    let mut inside = false;
    let lower = |c: char| {
        inside = if c == '{' { true } else { inside && c != '}' };
        if inside { c } else { c.to_ascii_lowercase() }
    };
    host.chars().map(lower).collect()
}

fn base_path(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    if path.is_empty() || path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(servers: Value) -> (Option<Server>, Config, Vec<String>) {
        let (mut config, mut notes) = (Config::default(), Notes::default());
        let server = of(Some(&servers), "/servers", &mut config, &mut notes);
        (server, config, notes.into_list().into_iter().map(|note| note.what).collect())
    }

    #[test]
    fn a_server_becomes_a_host_and_a_base_path() {
        let variables = json!({"shop": {"default": "demo"}, "v": {"default": "v2"}, "region": {"default": "eu", "enum": ["eu", "us"]},
            "origin": {"default": "https://api.example.com/api"}});
        for (url, host, base) in [
            ("https://api.example.com/v1/", "https://api.example.com", "/v1"),
            ("https://API.example.com", "https://api.example.com", ""),
            ("http://api.example.com/v1", "https://api.example.com", "/v1"),
            ("https://{shop}.example.com/{v}", "https://{shop}.example.com", "/v2"),
            ("https://api-{region}.example.com", "https://api-{region}.example.com", ""),
            ("https://{shop}/api", "https://{shop}", "/api"),
            ("//api.example.com/v1", "https://api.example.com", "/v1"),
            ("{origin}/v1", "{origin}", "/api/v1"),
            ("/api/v3", "{base_url}", "/api/v3"),
            ("/", "{base_url}", ""),
            ("", "{base_url}", ""),
            ("{v}://api.example.com", "{base_url}", ""),
            // A label below a registry would be anybody's.
            ("https://{shop}.com", "https://demo.com", ""),
        ] {
            let (server, ..) = read(json!([{"url": url, "variables": variables}]));
            let server = server.unwrap();
            assert_eq!((server.host.as_str(), server.base.as_str()), (host, base), "{url}");
        }
        assert_eq!(read(json!([])).0, None);
    }

    #[test]
    fn variables_become_settings_and_what_is_fixed_is_said() {
        let (_, config, notes) = read(json!([{"url": "https://{shopName}.example.com/{version}",
            "variables": {"shopName": {"default": "your shop", "description": "The shop"}, "version": {"default": "v1"}}}]));
        assert_eq!(config.inputs.len(), 1);
        assert_eq!((config.inputs[0].name.as_str(), &config.inputs[0].default), ("shop_name", &None));
        assert_eq!(config.schema()["required"], json!(["shop_name"]));
        assert_eq!(notes, ["the server's variable \"version\" is always \"v1\""]);
    }

    #[test]
    fn several_origins_are_a_choice_and_several_paths_are_not() {
        let (server, config, notes) =
            read(json!([{"url": "https://api.example.com/v1"}, {"url": "https://sandbox.example.com/v1"}]));
        assert_eq!(server.unwrap(), Server { host: "{server}".to_owned(), base: "/v1".to_owned() });
        assert_eq!(
            config.schema()["properties"]["server"]["enum"],
            json!(["https://api.example.com", "https://sandbox.example.com"])
        );
        assert_eq!(notes, Vec::<String>::new());
        let (server, _, notes) =
            read(json!([{"url": "http://localhost:80"}, {"url": "https://api.example.com/v1"}]));
        assert_eq!(server.unwrap().host, "https://api.example.com");
        assert!(notes[0].contains("localhost"), "{notes:?}");
    }
}
