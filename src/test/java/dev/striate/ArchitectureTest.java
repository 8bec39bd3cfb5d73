package dev.striate;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Who may see whom. */
class ArchitectureTest {

    private static final String[] CORE = {
        "dev.striate", "dev.striate.internal..", "dev.striate.op..", "dev.striate.autograd.."
    };

    private static JavaClasses striate;

    @BeforeAll
    static void read() {
        striate = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("dev.striate");
    }

    @Test
    void nobodyKnowsABackendByName() {
        for (String backend : new String[] {"reference", "cpu", "opencl"}) {
            String itself = "dev.striate.backend." + backend + "..";
            noClasses()
                    .that()
                    .resideOutsideOfPackage(itself)
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage(itself)
                    .because("backends are found as services; tensors and operations know only the contract")
                    .check(striate);
        }
    }

    @Test
    void backendsSeeNothingAboveThemButPlainTypes() {
        classes()
                .that()
                .resideInAPackage("dev.striate.backend..")
                .should()
                .onlyDependOnClassesThat(not(resideInAPackage("dev.striate.."))
                        .or(resideInAnyPackage("dev.striate.backend..", "dev.striate.disk.."))
                        .or(assignableTo(StriateException.class))
                        .or(belongToAnyOf(DeviceInfo.class, MemoryStatistics.class, LossReduction.class)))
                .because("to a backend, operations and gradients are plain mathematics")
                .check(striate);
    }

    @Test
    void filesSeeOnlyTheExceptions() {
        classes()
                .that()
                .resideInAPackage("dev.striate.disk..")
                .should()
                .onlyDependOnClassesThat(not(resideInAPackage("dev.striate.."))
                        .or(resideInAPackage("dev.striate.disk.."))
                        .or(assignableTo(StriateException.class)))
                .check(striate);
    }

    @Test
    void onlyTheOpenClBackendSeesJocl() {
        onlySeenBy("org.jocl..", "dev.striate.backend.opencl..");
    }

    @Test
    void onlyTheSimdPackageSeesTheVectorApi() {
        onlySeenBy("jdk.incubator.vector..", "dev.striate.backend.cpu.simd..");
    }

    @Test
    void onlyTheCommandsSeeTheirLibraries() {
        onlySeenBy("me.tongfei..", "dev.striate.cli..");
        onlySeenBy("picocli..", "dev.striate.cli..");
    }

    @Test
    void onlyTheCommandsSeeSignals() {
        onlySeenBy("sun.misc..", "dev.striate.cli..");
    }

    @Test
    void onlyThePicturesSeeTheCharts() {
        onlySeenBy("org.knowm..", "dev.striate.plot..");
    }

    @Test
    void theGraphKnowsNoOperation() {
        noClasses()
                .that()
                .resideInAPackage("dev.striate.autograd..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.striate.op..")
                .check(striate);
    }

    @Test
    void operationsSeeNothingAboveThem() {
        noClasses()
                .that()
                .resideInAnyPackage(CORE)
                .should()
                .dependOnClassesThat(resideInAPackage("dev.striate..")
                        .and(not(resideInAnyPackage(CORE).or(resideInAPackage("dev.striate.backend..")))))
                .check(striate);
    }

    @Test
    void theRoomsAboveTensorsHaveAnOrder() {
        layeredArchitecture()
                .consideringOnlyDependenciesInAnyPackage("dev.striate..")
                .withOptionalLayers(true)
                .layer("nn")
                .definedBy("dev.striate.nn..")
                .layer("optim")
                .definedBy("dev.striate.optim..")
                .layer("data")
                .definedBy("dev.striate.data..")
                .layer("io")
                .definedBy("dev.striate.io..")
                .layer("train")
                .definedBy("dev.striate.train..")
                .layer("models")
                .definedBy("dev.striate.models..")
                .layer("plot")
                .definedBy("dev.striate.plot..")
                .layer("cli")
                .definedBy("dev.striate.cli..")
                .whereLayer("cli")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("models")
                .mayOnlyBeAccessedByLayers("cli")
                .whereLayer("plot")
                .mayOnlyBeAccessedByLayers("cli")
                .whereLayer("train")
                .mayOnlyBeAccessedByLayers("plot", "cli")
                .whereLayer("io")
                .mayOnlyBeAccessedByLayers("nn", "data", "train", "models", "plot", "cli")
                .whereLayer("data")
                .mayOnlyBeAccessedByLayers("train", "models", "plot", "cli")
                .whereLayer("optim")
                .mayOnlyBeAccessedByLayers("train", "cli")
                .whereLayer("nn")
                .mayOnlyBeAccessedByLayers("train", "models", "plot", "cli")
                .check(striate);
    }

    @Test
    void packagesAboveTheRootHaveNoCycles() {
        slices().matching("dev.striate.(nn|optim|data|train|io|models|plot|cli)..")
                .should()
                .beFreeOfCycles()
                .check(striate);
    }

    private static void onlySeenBy(String seen, String by) {
        noClasses()
                .that()
                .resideOutsideOfPackage(by)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(seen)
                .check(striate);
    }
}
