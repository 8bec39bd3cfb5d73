/**
 * Atomic files, the cache directory, checksums and safe text. The lowest package: it depends only on the library's
 * exceptions.
 */
@NullMarked
package dev.striate.disk;

import org.jspecify.annotations.NullMarked;
