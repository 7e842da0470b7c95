package tributary.tests.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.lang.ArchRule;

/** Package patterns of the rooms, and the rule that keeps one to its neighbours. */
final class Room {
  static final String EVERY = "tributary..";
  static final String PROTOCOL = "tributary.protocol..";
  static final String CONFIG = "tributary.config..";
  static final String TENSOR = "tributary.tensor..";
  static final String GPU = "tributary.gpu..";
  static final String MODEL = "tributary.model..";
  static final String COMPRESSION = "tributary.compression..";
  static final String SCHEDULING = "tributary.scheduling..";
  static final String ACTORS = "tributary.actors..";
  static final String STREAMS = "tributary.streams..";
  static final String SIMULATION = "tributary.simulation..";
  static final String CLI = "tributary.cli..";

  private Room() {}

  /** Of all rooms, {@code room} may use itself and these. */
  static ArchRule mayUse(String room, String... others) {
    return noClasses()
        .that()
        .resideInAPackage(room)
        .should()
        .dependOnClassesThat(
            resideInAPackage(EVERY)
                .and(not(resideInAPackage(room)))
                .and(not(resideInAnyPackage(others))));
  }
}
