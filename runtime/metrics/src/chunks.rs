//! How a family's series are cut into chunks of about 2,000 lines, across jobs: 10,000 jobs with one series
//! each make five chunks, not 10,000. A chunk is what is rendered and deflated at once.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use watchkeeper_model::JobName;

use crate::block::Block;

/// Lines after which a chunk takes no further job. Less makes a change cheaper, more compresses better.
const FULL: usize = 2_000;

/// Numbers that are never given twice: a chunk gets a new one whenever its content changes.
#[derive(Debug, Default)]
pub(crate) struct Stamps(u64);

impl Stamps {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }

    pub(crate) fn last(&self) -> u64 {
        self.0
    }
}

/// All chunks of one family.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    chunks: BTreeMap<usize, Chunk>,
    home: HashMap<JobName, usize>,
}

/// Some jobs' series of one family.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    /// Names this content: equal stamps, equal text.
    pub(crate) stamp: u64,
    /// By job, each with its lines.
    blocks: BTreeMap<JobName, (Arc<Block>, usize)>,
    lines: usize,
}

impl Chunk {
    pub(crate) fn blocks(&self) -> impl Iterator<Item = &Arc<Block>> {
        self.blocks.values().map(|(block, _)| block)
    }
}

impl Chunks {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Chunk> {
        self.chunks.values()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// The job's series, where it has some.
    pub(crate) fn get(&self, job: &JobName) -> Option<&Arc<Block>> {
        let chunk = self.chunks.get(self.home.get(job)?)?;
        chunk.blocks.get(job).map(|(block, _)| block)
    }

    /// Lets `edit` change the job's series in place; it answers whether it did. An edit leaves no series to
    /// remove them. `lines` is what one series of the family weighs.
    pub(crate) fn edit(
        &mut self,
        job: &JobName,
        lines: usize,
        stamps: &mut Stamps,
        edit: impl FnOnce(&mut Arc<Block>) -> bool,
    ) {
        let slot =
            self.home.get(job).and_then(|home| self.chunks.get_mut(home)).and_then(|chunk| chunk.blocks.get_mut(job));
        let (changed, block) = match slot {
            Some((block, _)) => (edit(block), Arc::clone(block)),
            None => {
                let mut block = Arc::default();
                (edit(&mut block), block)
            }
        };
        if changed {
            let weight = block.points.len() * lines;
            self.put(job, block, weight, stamps);
        }
    }

    /// Stores a changed block: where it was, unless it outgrew its chunk, else in the first chunk with room.
    fn put(&mut self, job: &JobName, block: Arc<Block>, weight: usize, stamps: &mut Stamps) {
        let mut target = None;
        if let Some(home) = self.home.remove(job)
            && let Some(chunk) = self.chunks.get_mut(&home)
        {
            chunk.stamp = stamps.next();
            if let Some((_, lines)) = chunk.blocks.remove(job) {
                chunk.lines -= lines;
            }
            if chunk.blocks.is_empty() || chunk.lines + weight <= 2 * FULL {
                target = Some(home);
            }
            if chunk.blocks.is_empty() && weight == 0 {
                self.chunks.remove(&home);
            }
        }
        if weight == 0 {
            return;
        }
        let home = target.unwrap_or_else(|| self.room(weight));
        let chunk = self.chunks.entry(home).or_default();
        chunk.stamp = stamps.next();
        chunk.lines += weight;
        chunk.blocks.insert(job.clone(), (block, weight));
        self.home.insert(job.clone(), home);
    }

    /// The first chunk that takes `weight` lines more, or the number of a new one.
    fn room(&self, weight: usize) -> usize {
        let fits = self.chunks.iter().find(|(_, chunk)| chunk.lines + weight <= FULL).map(|(place, _)| *place);
        fits.unwrap_or_else(|| self.chunks.last_key_value().map_or(0, |(last, _)| last + 1))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use watchkeeper_model::JobName;

    use super::{Chunks, FULL, Stamps};
    use crate::block::Point;

    /// Gives a job that many series.
    fn fill(chunks: &mut Chunks, stamps: &mut Stamps, job: usize, series: usize) {
        let job = JobName::new(&format!("job-{job}")).unwrap();
        chunks.edit(&job, 1, stamps, |block| {
            let block = Arc::make_mut(block);
            block.points = (0..series).map(|n| (n.to_string().into(), Point::Number(1.0))).collect();
            true
        });
    }

    fn sizes(chunks: &Chunks) -> Vec<usize> {
        for chunk in chunks.iter() {
            assert_eq!(chunk.lines, chunk.blocks().map(|block| block.points.len()).sum::<usize>());
        }
        chunks.iter().map(|chunk| chunk.lines).collect()
    }

    #[test]
    fn many_small_jobs_share_few_chunks() {
        let (mut chunks, mut stamps) = (Chunks::default(), Stamps::default());
        (0..10_000).for_each(|job| fill(&mut chunks, &mut stamps, job, 1));
        assert_eq!(sizes(&chunks), [FULL; 5]);
        (0..10_000).for_each(|job| fill(&mut chunks, &mut stamps, job, 0));
        assert!(chunks.is_empty());
    }

    #[test]
    fn a_job_that_grows_moves_to_a_chunk_of_its_own_and_its_room_is_used_again() {
        let (mut chunks, mut stamps) = (Chunks::default(), Stamps::default());
        (0..3).for_each(|job| fill(&mut chunks, &mut stamps, job, 600));
        assert_eq!(sizes(&chunks), [1_800]);
        fill(&mut chunks, &mut stamps, 1, 5_000);
        assert_eq!(sizes(&chunks), [1_200, 5_000]);
        fill(&mut chunks, &mut stamps, 3, 700);
        assert_eq!(sizes(&chunks), [1_900, 5_000]);
        fill(&mut chunks, &mut stamps, 1, 0);
        assert_eq!(sizes(&chunks), [1_900]);
    }

    #[test]
    fn a_change_gives_a_stamp_to_its_own_chunk_only() {
        let (mut chunks, mut stamps) = (Chunks::default(), Stamps::default());
        (0..3).for_each(|job| fill(&mut chunks, &mut stamps, job, FULL));
        let before: Vec<u64> = chunks.iter().map(|chunk| chunk.stamp).collect();
        fill(&mut chunks, &mut stamps, 1, FULL - 1);
        let after: Vec<u64> = chunks.iter().map(|chunk| chunk.stamp).collect();
        let same: Vec<bool> = before.iter().zip(&after).map(|(before, after)| before == after).collect();
        assert_eq!(same, [true, false, true]);
    }
}
