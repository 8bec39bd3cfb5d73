/** Files and where to keep them, beneath everything else: of this library it sees only the exceptions. */
@NullMarked
package dev.striate.disk;

import org.jspecify.annotations.NullMarked;
