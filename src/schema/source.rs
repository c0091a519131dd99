//! Where descriptors come from, one source after the other; per type the first that knows it.

use prost_reflect::{DescriptorError, DescriptorPool, ExtensionDescriptor, MessageDescriptor};

/// The sources of a schema, in order.
#[derive(Default)]
pub(crate) struct Sources {
    pools: Vec<DescriptorPool>,
}

/// A source that can't supply what it should.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SourceError(#[from] DescriptorError);

impl Sources {
    pub(crate) fn add_protoset(&mut self, _name: &str, bytes: &[u8]) -> Result<(), SourceError> {
        self.pools.push(DescriptorPool::decode(bytes)?);
        Ok(())
    }

    pub(crate) fn message(&self, full_name: &str) -> Result<Option<MessageDescriptor>, SourceError> {
        Ok(self.pools.iter().find_map(|pool| pool.get_message_by_name(full_name)))
    }

    pub(crate) fn extensions(&self, extendee: &str) -> Vec<ExtensionDescriptor> {
        let pools = self.pools.iter().filter_map(|pool| pool.get_message_by_name(extendee));
        pools.flat_map(|message| message.extensions().collect::<Vec<_>>()).collect()
    }
}
