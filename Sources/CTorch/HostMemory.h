// Memory of large tensors on the host.
#pragma once

namespace seehear {

// From now on libtorch's tensors on the host take their memory from blocks that are kept, and go back to them.
void keep_host_memory();

}  // namespace seehear
