package dev.striate.cli;

import java.lang.System.Logger.Level;

/**
 * Loads the Vector API into the running JVM, so that neither a second JVM nor a flag is needed.
 *
 * <p>A jar's manifest cannot request {@code --add-modules jdk.incubator.vector}, and the flag prints a warning. HotSpot
 * loads modules into a running JVM for agents that are attached to it, through a method of {@code java.base} whose
 * package the manifest exports to this program. The module comes from the boot loader as with the flag, and C2 compiles
 * it to the same vector instructions.
 */
final class VectorModule {

    private static final System.Logger LOG = System.getLogger(VectorModule.class.getName());
    private static final String NAME = "jdk.incubator.vector";

    private VectorModule() {}

    /**
     * Loads the module if it is missing. If this JVM cannot load it, the CPU device reports that when it is opened, and
     * works without it.
     */
    static void load() {
        if (ModuleLayer.boot().findModule(NAME).isPresent()) {
            return;
        }
        try {
            Class.forName("jdk.internal.module.Modules")
                    .getMethod("loadModule", String.class)
                    .invoke(null, NAME);
        } catch (ReflectiveOperationException | LinkageError e) {
            LOG.log(Level.DEBUG, "cannot load the module " + NAME, e);
        }
    }
}
