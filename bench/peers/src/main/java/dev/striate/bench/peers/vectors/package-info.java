/** Makes the vectors that Striate's tests hold its operations to: values and gradients computed by libtorch. */
@NullMarked
package dev.striate.bench.peers.vectors;

import org.jspecify.annotations.NullMarked;
