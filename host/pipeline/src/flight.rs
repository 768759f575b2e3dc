//! What of a run is under way: batches on their way to the destination, and the page that is being read meanwhile.
//!
//! Each flies as a task of its own; what it comes to is written by the run, one after the other. With the run they are
//! dropped, as a process that ends drops them: what they did not bring back is done again under the same keys.

use std::sync::Arc;

use domain::flow::{Flow, Parcel};
use tokio::task::JoinSet;

use crate::deliver::{Delivered, Delivery};
use crate::ends::Ends;
use crate::lease::Held;
use crate::take::{Answered, Asked};

#[derive(Default)]
pub(crate) struct Flight {
    flying: JoinSet<Landed>,
    batches: usize,
    reads: bool,
}

/// What has come back.
pub(crate) enum Landed {
    Batch(Box<Batch>),
    Page(Option<Box<Answered>>),
}

/// A batch, with the definition and the ends that it went with.
pub(crate) struct Batch {
    pub(crate) flow: Arc<Flow>,
    pub(crate) ends: Arc<Ends>,
    pub(crate) delivered: Delivered,
}

impl Flight {
    pub(crate) fn is_empty(&self) -> bool {
        self.flying.is_empty()
    }

    pub(crate) fn batches(&self) -> usize {
        self.batches
    }

    pub(crate) fn reads(&self) -> bool {
        self.reads
    }

    pub(crate) fn deliver(&mut self, held: &Held, flow: &Arc<Flow>, ends: &Arc<Ends>, batch: Vec<Parcel>) {
        let (room, tenant) = (Arc::clone(&held.room), held.tenant.clone());
        let (run, correlation) = (held.run.id.clone(), held.run.correlation.clone());
        let (flow, ends) = (Arc::clone(flow), Arc::clone(ends));
        self.batches += 1;
        self.flying.spawn(async move {
            let delivery = Delivery {
                destination: &ends.destination,
                inputs: &ends.inputs,
                declared: &ends.declared,
                tenant: &tenant,
                flow: &flow,
                run: &run,
                correlation: &correlation,
                room: &room,
            };
            let delivered = Box::pin(delivery.of(batch)).await;
            Landed::Batch(Box::new(Batch { flow, ends, delivered }))
        });
    }

    pub(crate) fn read(&mut self, asked: Asked) {
        self.reads = true;
        self.flying.spawn(async move { Landed::Page(Box::pin(asked.poll()).await.map(Box::new)) });
    }

    /// The next that comes back; nothing when nothing flies. A defect of the host in one of them is the run's own.
    pub(crate) async fn next(&mut self) -> Option<Landed> {
        let landed = match self.flying.join_next().await? {
            Ok(landed) => landed,
            Err(broken) => match broken.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Only a runtime that ends stops a task; then this one does not go on either.
                Err(_) => std::future::pending().await,
            },
        };
        match &landed {
            Landed::Batch(_) => self.batches = self.batches.saturating_sub(1),
            Landed::Page(_) => self.reads = false,
        }
        Some(landed)
    }
}
