/** The networks of the milestones, by the names under which they are saved. */
@NullMarked
package dev.striate.models;

import org.jspecify.annotations.NullMarked;
