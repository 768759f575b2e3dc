//! Addresses that are not on the internet, in every form, by literal and by name, and names that change their mind.

use serde_json::json;

use super::World;

/// One of each network that the registries set apart, and where clouds hand out credentials.
const BLOCKED: &[&str] = &[
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.0.192",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.175.48.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:8.8.8.8",
    "64:ff9b::127.0.0.1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::8.8.8.8",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:2::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "2620:4f:8000::1",
    "2606:4700::5efe:8.8.8.8",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::a9fe:a9fe",
    "fec0::1",
    "ff02::1",
    "4000::1",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_granted_name_at_such_an_address_is_denied() {
    let world = World::public().await;
    for address in BLOCKED {
        world.names.say(&[&[address]]);
        let denied = world.denies(json!({ "url": "https://api.example.com/things" }), "address").await;
        assert!(!denied.to_string().contains(address), "a guest learns no address: {denied}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_such_address_among_public_ones_blocks_the_name() {
    let world = World::public().await;
    let public =
        |count: usize| (0..count).map(|n| format!("8.8.{}.{}", n / 100, n % 100 + 1)).collect::<Vec<_>>();
    let mut many = public(63);
    many.push("10.0.0.1".to_owned());
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let answers: [&[&str]; 6] = [
        &["8.8.8.8", "127.0.0.1"],
        &["127.0.0.1", "8.8.8.8"],
        &["2606:4700::1111", "192.168.0.1"],
        &["8.8.8.8", "::ffff:8.8.8.8"],
        &["2606:4700::1111", "64:ff9b::8.8.8.8"],
        &many,
    ];
    for answer in answers {
        world.names.say(&[answer]);
        world.denies(json!({ "url": "https://api.example.com/things" }), "address").await;
    }
    // More answers than an honest name has are not judged one by one: the answer as a whole is refused.
    let many = public(200);
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    world.names.say(&[&many]);
    let seen = world.get("https://api.example.com/things").await;
    assert_eq!(seen["failed"]["kind"], "Name", "{seen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_literal_address_in_any_spelling_is_denied_and_nobody_is_asked_for_it() {
    let world = World::public().await;
    let hosts = [
        "127.1",
        "0",
        "0x7f.1",
        "2130706433",
        "0177.0.0.1",
        "017700000001",
        "0x7f000001",
        "①②⑦.⓪.⓪.①",
        "8.8.8.8",
        "[::]",
        "[::1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
    ];
    let blocked =
        BLOCKED.iter().map(|text| if text.contains(':') { format!("[{text}]") } else { (*text).to_owned() });
    for host in hosts.iter().map(|host| (*host).to_owned()).chain(blocked) {
        world.denies(json!({ "url": format!("https://{host}/things") }), "ceiling").await;
        world.denies(json!({ "url": format!("http://{host}/latest/meta-data/") }), "scheme").await;
    }
    assert_eq!(world.names.asked(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_changes_its_mind_is_judged_each_time() {
    const BASE: &str = "http://svc.example:{port}";
    let world = World::new(BASE, &[BASE]).await;
    let url = format!("{}/things", world.base);
    world.names.say(&[
        &["127.0.0.1"],
        &["169.254.169.254"],
        &["127.0.0.1", "169.254.169.254"],
        &["::ffff:127.0.0.1"],
        &["127.0.0.1"],
    ]);
    assert_eq!(world.get(&url).await["status"], 200);
    for _ in 0..3 {
        // Also where the operator allows private addresses, none of these classes is one.
        world.denies(json!({ "url": url }), "address").await;
    }
    assert_eq!(world.get(&url).await["status"], 200);
    assert_eq!(world.names.asked(), ["svc.example"; 5], "one look-up a request, and no other name");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_cannot_tell_why_a_port_does_not_answer() {
    // Bound and never accepted, then freed: nothing listens there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://127.0.0.1:{}", free.local_addr().unwrap().port());
    drop(free);
    let world = World::new(&closed, &[&closed]).await;
    let refused = world.get(&format!("{closed}/things")).await;
    assert_eq!(refused["failed"]["kind"], "Connect", "{refused}");
    let said = refused["failed"]["message"].as_str().unwrap().to_ascii_lowercase();
    for word in ["refused", "os error", "errno", "127.0.0.1", "reset", "unreachable", "tcp"] {
        assert!(!said.contains(word), "{said}");
    }
    // What may not be reached is denied without a look at the network, so that its answer takes no other time.
    let denied = world.denies(json!({ "url": "http://127.0.0.1:1/things" }), "scheme").await;
    assert!(denied["denied"]["reason"].as_str().unwrap().contains("plain http"), "{denied}");
    // A name that does not exist and one that cannot be resolved look the same.
    let world = World::public().await;
    let unknown = world.get("https://api.example.com/things").await;
    assert_eq!(unknown["failed"]["kind"], "Name", "{unknown}");
    assert!(!unknown["failed"]["message"].as_str().unwrap().contains("exist"), "{unknown}");
}
