//! Every route of the API has a row that says who may use it.

use server::Access;

/// Exactly the routes of the server, each with who may use it. A new route fails here until somebody has decided.
const ROUTES: &[(&str, &str, Access)] = &[
];

#[test]
fn every_route_has_an_authorisation_row() {
    let mut served: Vec<_> = server::routes().iter().map(|route| (route.method, route.path.as_str(), route.access)).collect();
    let mut decided = ROUTES.to_vec();
    served.sort_by_key(|(method, path, _)| (path.to_string(), *method));
    decided.sort_by_key(|(method, path, _)| (path.to_string(), *method));
    assert_eq!(served, decided);
}
