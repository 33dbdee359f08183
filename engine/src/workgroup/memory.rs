//! The memory pool of one query: bounded by its grant and by what is left of the engine's total.
//!
//! `DataFusion`'s `FairSpillPool` shares fairly between the operators that can spill, but checks each against its share alone:
//! operators that arrive one after another overshoot the pool by several times. Here the sum is checked as well.

use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation, human_readable_size,
};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What operators that cannot spill may need in any case, where the grant has it.
const MERGE_BYTES: usize = 64 << 20;

/// What all queries together have reserved, against one limit.
#[derive(Debug)]
pub struct Total {
    limit_bytes: usize,
    reserved_bytes: AtomicUsize,
}

impl Total {
    pub fn new(limit_bytes: usize) -> Self {
        Self {
            limit_bytes,
            reserved_bytes: AtomicUsize::new(0),
        }
    }

    pub fn reserved_bytes(&self) -> usize {
        self.reserved_bytes.load(Ordering::Acquire)
    }

    fn try_add(&self, bytes: usize) -> bool {
        let within = |reserved: usize| reserved.checked_add(bytes).filter(|sum| *sum <= self.limit_bytes);
        self.reserved_bytes
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, within)
            .is_ok()
    }
}

/// The pool of one query.
///
/// Operators that can spill share what the others leave, up to a limit: the rest is for those that cannot, such as the merge
/// of sorted runs, which would otherwise find everything taken by the sorts that feed it.
#[derive(Debug)]
pub struct GrantedPool {
    grant_bytes: usize,
    total: Arc<Total>,
    state: Mutex<Reserved>,
}

#[derive(Debug, Default)]
struct Reserved {
    spillers: usize,
    spillable_bytes: usize,
    unspillable_bytes: usize,
}

impl Reserved {
    fn sum(&self) -> usize {
        self.spillable_bytes + self.unspillable_bytes
    }

    fn of_kind(&mut self, can_spill: bool) -> &mut usize {
        if can_spill {
            &mut self.spillable_bytes
        } else {
            &mut self.unspillable_bytes
        }
    }
}

impl GrantedPool {
    pub fn new(grant_bytes: usize, total: Arc<Total>) -> Self {
        Self {
            grant_bytes,
            total,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, Reserved> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What one operator that can spill may hold.
    fn share(&self, state: &Reserved) -> usize {
        let left = self.grant_bytes.saturating_sub(state.unspillable_bytes);
        // What a merge needs depends on the width of the rows, not on the grant: of a small grant it is a larger part.
        let kept = (self.grant_bytes / 4).max(MERGE_BYTES.min(self.grant_bytes / 2));
        left.min(self.grant_bytes - kept) / state.spillers.max(1)
    }
}

fn refusal(
    reservation: &MemoryReservation,
    additional: usize,
    held: usize,
    whose: &str,
    limit: usize,
) -> DataFusionError {
    DataFusionError::ResourcesExhausted(format!(
        "\"{}\" needs {} more memory while this query holds {}; {whose} limit is {}",
        reservation.consumer().name(),
        human_readable_size(additional),
        human_readable_size(held),
        human_readable_size(limit),
    ))
}

impl MemoryPool for GrantedPool {
    fn name(&self) -> &'static str {
        "granted"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.state().spillers += usize::from(consumer.can_spill());
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        let mut state = self.state();
        state.spillers = state.spillers.saturating_sub(usize::from(consumer.can_spill()));
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.total.reserved_bytes.fetch_add(additional, Ordering::AcqRel);
        *self.state().of_kind(reservation.consumer().can_spill()) += additional;
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        *self.state().of_kind(reservation.consumer().can_spill()) -= shrink;
        self.total.reserved_bytes.fetch_sub(shrink, Ordering::AcqRel);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let mut state = self.state();
        let held = state.sum();
        if held.saturating_add(additional) > self.grant_bytes {
            return Err(refusal(reservation, additional, held, "its", self.grant_bytes));
        }
        let can_spill = reservation.consumer().can_spill();
        let share = self.share(&state);
        if can_spill && reservation.size().saturating_add(additional) > share {
            return Err(refusal(reservation, additional, held, "this operator's", share));
        }
        if !self.total.try_add(additional) {
            return Err(refusal(
                reservation,
                additional,
                held,
                "the engine's",
                self.total.limit_bytes,
            ));
        }
        *state.of_kind(can_spill) += additional;
        Ok(())
    }

    fn reserved(&self) -> usize {
        self.state().sum()
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.grant_bytes)
    }
}

impl fmt::Display for GrantedPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "granted({})", human_readable_size(self.grant_bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::execution::memory_pool::FairSpillPool;

    fn spillable(name: &str, pool: &Arc<dyn MemoryPool>) -> MemoryReservation {
        MemoryConsumer::new(name).with_can_spill(true).register(pool)
    }

    #[test]
    fn operators_that_arrive_one_after_another_do_not_overshoot_as_the_bare_pool_does() {
        let reserve = |pool: Arc<dyn MemoryPool>| {
            let mut held = Vec::new();
            for n in 1..=8 {
                let reservation = spillable(&n.to_string(), &pool);
                let _ = reservation.try_grow(1000 / n);
                held.push(reservation);
            }
            pool.reserved()
        };
        assert!(
            reserve(Arc::new(FairSpillPool::new(1000))) > 2000,
            "the bare pool holds its limit now: drop this guard"
        );
        assert!(reserve(Arc::new(GrantedPool::new(1000, Arc::new(Total::new(10_000))))) <= 1000);
    }

    #[test]
    fn two_queries_share_the_total_and_give_it_back() {
        let total = Arc::new(Total::new(1000));
        let pool = || Arc::new(GrantedPool::new(1000, Arc::clone(&total))) as Arc<dyn MemoryPool>;
        let held = |name: &str| MemoryConsumer::new(name).register(&pool());
        let (first, second) = (held("a"), held("b"));
        first.try_grow(700).unwrap();
        let refused = second.try_grow(400).unwrap_err().to_string();
        assert!(refused.contains("the engine's limit"), "{refused}");
        drop(first);
        second.try_grow(400).unwrap();
        drop(second);
        assert_eq!(total.reserved_bytes(), 0);
    }
}
