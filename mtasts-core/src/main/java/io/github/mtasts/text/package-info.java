/** How text from strangers is taken apart and shown. For the modules of this project: exported to nobody else. */
@NullMarked
package io.github.mtasts.text;

import org.jspecify.annotations.NullMarked;
