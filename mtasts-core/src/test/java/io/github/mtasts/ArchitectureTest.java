package io.github.mtasts;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.ThrowsDeclaration;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.Name;

/** The way the data goes is the way the imports go, and what a user has to name is ours or the platform's. */
class ArchitectureTest {
    private static final String BASE = "io.github.mtasts";

    /** Each package may use those before it. */
    private static final List<String> ORDER = List.of(
            BASE + ".text",
            BASE + ".policy",
            BASE + ".tls",
            BASE + ".lookup",
            BASE + ".cache",
            BASE + ".discovery",
            BASE + ".delivery",
            BASE);

    private final JavaClasses core = new ClassFileImporter()
            .importUrl(MtaSts.class.getProtectionDomain().getCodeSource().getLocation());

    @Test
    void packagesUseOnlyThoseBeforeThem() {
        Set<String> backwards = new TreeSet<>();
        for (JavaClass one : core) {
            for (Dependency dependency : one.getDirectDependenciesFromSelf()) {
                String used = dependency.getTargetClass().getBaseComponentType().getPackageName();
                if (ORDER.indexOf(used) > ORDER.indexOf(one.getPackageName())) {
                    backwards.add(dependency.getDescription());
                }
            }
        }

        assertThat(backwards).isEmpty();
    }

    @Test
    void everyPackageHasItsPlaceInTheOrder() {
        Set<String> packages = new TreeSet<>();
        core.forEach(one -> packages.add(one.getPackageName()));
        packages.remove(""); // the module's own description

        assertThat(packages).containsExactlyInAnyOrderElementsOf(ORDER);
    }

    /** The cache decides nothing, and the policy does no I/O. */
    @Test
    void policiesAreReadWithoutNetworkAndClock() {
        Set<String> used = new TreeSet<>();
        for (JavaClass one : core) {
            if (one.getPackageName().equals(BASE + ".policy")) {
                one.getDirectDependenciesFromSelf()
                        .forEach(dependency ->
                                used.add(dependency.getTargetClass().getName()));
            }
        }

        assertThat(used)
                .contains("java.time.Duration")
                .doesNotContain("java.time.Clock", "java.time.InstantSource", "java.net.Socket")
                .noneMatch(name -> name.startsWith("java.nio.file.") || name.startsWith("java.nio.channels."));
    }

    @Test
    void noTypeOfAThirdPartyStandsInAPublicSignature() {
        Set<String> foreign = new TreeSet<>();
        core.forEach(one -> foreign.addAll(foreignIn(one)));

        assertThat(foreign).isEmpty();
    }

    @Test
    void aTypeOfAThirdPartyWouldBeNoticed() {
        JavaClass leaking = new ClassFileImporter().importClass(Leaking.class);

        assertThat(foreignIn(leaking))
                .hasSize(4)
                .allMatch(found -> found.endsWith(Name.class.getName()) || found.endsWith("NameTooLongException"));
    }

    /** One of each kind. */
    public static class Leaking {
        protected List<Name> field = List.of();

        public Leaking(Name parameter) throws org.xbill.DNS.NameTooLongException {}

        public Name[] result() {
            return new Name[0];
        }

        Name unseen() {
            return Name.root;
        }
    }

    private static Set<String> foreignIn(JavaClass one) {
        Set<String> foreign = new TreeSet<>();
        if (!isSeen(one.getModifiers())) {
            return foreign;
        }
        one.getAllRawInterfaces().forEach(type -> note(foreign, one.getName(), type));
        one.getAllRawSuperclasses().forEach(type -> note(foreign, one.getName(), type));
        one.getFields().stream()
                .filter(field -> isSeen(field.getModifiers()))
                .forEach(field -> field.getAllInvolvedRawTypes().forEach(type -> note(foreign, field.getName(), type)));
        Stream.concat(one.getMethods().stream(), one.getConstructors().stream())
                .filter(unit -> isSeen(unit.getModifiers()))
                .forEach(unit -> typesOf(unit).forEach(type -> note(foreign, unit.getName(), type)));
        return foreign;
    }

    private static boolean isSeen(Set<JavaModifier> modifiers) {
        return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
    }

    private static Stream<JavaClass> typesOf(JavaCodeUnit unit) {
        return Stream.concat(
                unit.getAllInvolvedRawTypes().stream(),
                unit.getThrowsClause().stream().map(ThrowsDeclaration::getRawType));
    }

    private static void note(Set<String> foreign, String where, JavaClass type) {
        String name = type.getBaseComponentType().getName();
        boolean known = type.getBaseComponentType().isPrimitive()
                || name.startsWith(BASE + ".")
                || name.startsWith("java.")
                || name.startsWith("javax.net.ssl.")
                || name.startsWith("javax.security.");
        if (!known) {
            foreign.add(where + ": " + name);
        }
    }
}
