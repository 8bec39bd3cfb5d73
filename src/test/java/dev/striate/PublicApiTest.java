package dev.striate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.domain.JavaTypeVariable;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What programs can name: signatures of the exported packages contain only types of these packages and of the JDK. */
class PublicApiTest {

    /** The packages that programs may use. */
    static final Set<String> EXPORTED = Set.of(
            "dev.striate",
            "dev.striate.data",
            "dev.striate.io",
            "dev.striate.models",
            "dev.striate.nn",
            "dev.striate.optim",
            "dev.striate.plot",
            "dev.striate.train");

    @Test
    void signaturesNameOnlyExportedTypes() {
        Set<String> problems = new TreeSet<>();
        for (JavaClass type : new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages(EXPORTED)) {
            if (EXPORTED.contains(type.getPackageName()) && isVisible(type)) {
                problems.addAll(problems(type));
            }
        }
        assertEquals(Set.of(), problems);
    }

    @Test
    void findsATypeThatIsNotExported() {
        JavaClass type = new ClassFileImporter().importClass(Leak.class);
        assertEquals(4, problems(type).size(), () -> problems(type).toString());
        assertTrue(problems(type).stream().allMatch(problem -> problem.contains("backend.Buffer")));
    }

    /** Names a type of {@code backend} in four places, and in a private one, which does not count. */
    @SuppressWarnings("unused")
    public abstract static class Leak {

        protected List<dev.striate.backend.Buffer> field = List.of();
        private dev.striate.backend.@org.jspecify.annotations.Nullable Buffer hidden;

        public abstract dev.striate.backend.Buffer result();

        protected abstract void parameter(dev.striate.backend.Buffer[] parameter);

        public abstract <B extends dev.striate.backend.Buffer> void variable(List<? super B> variable);
    }

    private static Set<String> problems(JavaClass type) {
        Set<String> problems = new TreeSet<>();
        // Users inherit the public methods of a superclass, even if only its package can name it.
        type.getSuperclass()
                .filter(parent -> !EXPORTED.contains(parent.toErasure().getPackageName()))
                .ifPresent(parent -> addProblems(type.getName(), List.of(parent), problems));
        addProblems(type.getName(), type.getInterfaces(), problems);
        type.getTypeParameters().forEach(parameter -> addProblems(type.getName(), parameter.getBounds(), problems));
        for (JavaField field : type.getFields()) {
            if (isVisible(field.getModifiers())) {
                addProblems(field.getFullName(), List.of(field.getType()), problems);
            }
        }
        for (JavaCodeUnit code : type.getCodeUnits()) {
            if (isVisible(code.getModifiers())) {
                List<JavaType> types = new ArrayList<>(code.getParameterTypes());
                types.add(code.getReturnType());
                types.addAll(code.getThrowsClause().getTypes());
                code.getTypeParameters().stream()
                        .map(JavaTypeVariable::getBounds)
                        .forEach(types::addAll);
                addProblems(code.getFullName(), types, problems);
            }
        }
        return problems;
    }

    private static void addProblems(String where, Collection<? extends JavaType> types, Set<String> problems) {
        for (JavaType type : types) {
            for (JavaClass named : type.getAllInvolvedRawTypes()) {
                JavaClass base = named.getBaseComponentType();
                String name = base.getPackageName();
                boolean exported = EXPORTED.contains(name) && isVisible(base);
                if (!exported && !base.isPrimitive() && !name.startsWith("java.")) {
                    problems.add(where + " names " + base.getName());
                }
            }
        }
    }

    private static boolean isVisible(JavaClass type) {
        Optional<JavaClass> enclosing = type.getEnclosingClass();
        return isVisible(type.getModifiers()) && (enclosing.isEmpty() || isVisible(enclosing.get()));
    }

    private static boolean isVisible(Set<JavaModifier> modifiers) {
        return (modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED))
                && !modifiers.contains(JavaModifier.SYNTHETIC);
    }
}
