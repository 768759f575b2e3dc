//! The lives of a host one after the other, the vendors beside them, and what it all came to.

use std::path::{Path, PathBuf};
use std::time::Instant;

use lockgate::{CommitKind, Engine};
use tokio::runtime::Handle;

use crate::Wanted;
use crate::judge::{Known, judge, missing};
use crate::life::{Ended, live};
use crate::plan::{Chain, Chance, End, end};
use crate::table::{Sum, Sums, print};
use crate::worker::Order;
use crate::world::World;

pub fn run(wanted: &Wanted) -> bool {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let place = wanted.keep.clone().unwrap_or_else(|| scratch.path().to_owned());
    let artefacts = place.join("artefacts");
    std::fs::create_dir_all(&artefacts).unwrap();
    let (handle, place, artefacts) = (tokio.handle(), &*place, &*artefacts);
    let of = |engine: Engine| Lives { wanted, engine, place, artefacts, tokio: handle };
    let rows: Vec<(Engine, Sums)> = if wanted.parallel {
        std::thread::scope(|scope| {
            let begin = |engine: Engine| (engine, scope.spawn(move || of(engine).all()));
            let threads: Vec<_> = wanted.engines.iter().copied().map(begin).collect();
            threads.into_iter().map(|(engine, thread)| (engine, thread.join().unwrap())).collect()
        })
    } else {
        wanted.engines.iter().map(|engine| (*engine, of(*engine).all())).collect()
    };
    print(&rows, wanted.kills)
}

/// All lives on one store.
struct Lives<'a> {
    wanted: &'a Wanted,
    engine: Engine,
    place: &'a Path,
    artefacts: &'a Path,
    tokio: &'a Handle,
}

/// One data folder with the vendors that its hosts talk to.
struct Folder {
    chain: Chain,
    data: PathBuf,
    log: PathBuf,
    world: World,
    known: Known,
    order: Order,
}

impl Lives<'_> {
    fn all(&self) -> Sums {
        let began = Instant::now();
        let mut sums: Sums = self.wanted.chains.iter().map(|chain| (*chain, Sum::default())).collect();
        let mut chance = Chance::new(self.wanted.seed);
        let (mut kills, mut number) = (0, 0);
        while kills < self.wanted.kills {
            let chain = self.wanted.chains[number % self.wanted.chains.len()];
            number += 1;
            let wanted = self.wanted.per_folder.min(self.wanted.kills - kills);
            let sum = sums.get_mut(&chain).unwrap();
            let (before, folder_began) = (sum.kills, Instant::now());
            let mut folder = self.folder(chain, number);
            self.kill(&mut folder, wanted, &mut chance, sum);
            if sum.found.all().next().is_none() {
                self.drain(&mut folder, sum);
            }
            let counts = folder.world.counts();
            sum.records += counts.records;
            sum.requests += counts.requests;
            sum.tokens += counts.tokens;
            sum.took += folder_began.elapsed();
            if sum.found.all().next().is_some() {
                // What is wrong stays wrong: the next lives would only tell it again.
                break;
            }
            drop(std::fs::remove_dir_all(&folder.data));
            kills += sum.kills - before;
            eprintln!("{}: {kills} kills, {:.0} s", self.engine, began.elapsed().as_secs_f64());
        }
        sums
    }

    fn folder(&self, chain: Chain, number: usize) -> Folder {
        let data = self.place.join(format!("{}-{number}-{chain}", self.engine));
        let world = self.tokio.block_on(World::start(chain));
        let order = Order {
            data: data.clone(),
            engine: self.engine.to_string(),
            chain,
            remotes: world.urls(),
            artefacts: self.artefacts.to_owned(),
            credential: 1,
            extra: 0,
            until: "live".to_owned(),
        };
        Folder { chain, log: data.with_extension("log"), data, world, known: Known::default(), order }
    }

    /// Life after life on one folder, each judged when it has ended.
    fn kill(&self, folder: &mut Folder, wanted: u64, chance: &mut Chance, sum: &mut Sum) {
        for number in 0..wanted {
            folder.world.offer();
            let end = end(folder.chain, sum.kills, chance);
            let order = &mut folder.order;
            order.credential = folder.known.credential + 1;
            order.until = match end {
                End::At { point, kind, nth } => format!("{point}/{kind}/{nth}"),
                End::After(_) => "live".to_owned(),
            };
            let uploads = matches!(end, End::At { kind: CommitKind::Upload, .. });
            order.extra = if uploads && number > 0 { sum.kills } else { 0 };
            let lived = live(order, Some(end), &folder.log);
            sum.kills += 1;
            sum.restarts += u64::from(number > 0);
            sum.at_points += u64::from(lived.ended == Ended::AtPoint);
            folder.known.note(&lived.acknowledged);
            if lived.ended == Ended::ByItself {
                sum.found.problems.push(format!("the host ended by itself: {}", tail(&folder.log)));
            }
            sum.found.add(judge(&folder.data, &folder.world, &mut folder.known));
            folder.world.expect(&folder.known);
            if sum.found.all().next().is_some() {
                let shown = folder.data.display();
                sum.found.problems.push(format!("at kill {} of folder {shown}, {end:?}", sum.kills));
                return;
            }
        }
    }

    /// Lets it come to rest, where nothing may be missing.
    fn drain(&self, folder: &mut Folder, sum: &mut Sum) {
        folder.world.mend();
        folder.order.until = "drain".to_owned();
        folder.order.credential = folder.known.credential + 1;
        let lived = live(&folder.order, None, &folder.log);
        sum.restarts += 1;
        if lived.ended != Ended::Drained {
            sum.found.problems.push(format!("what waits was not delivered: {}", tail(&folder.log)));
        }
        folder.known.note(&lived.acknowledged);
        sum.found.add(judge(&folder.data, &folder.world, &mut folder.known));
        sum.found.lost.extend(missing(&folder.world, &folder.known));
    }
}

/// The last that a worker said of itself.
fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join(" / ")
}
