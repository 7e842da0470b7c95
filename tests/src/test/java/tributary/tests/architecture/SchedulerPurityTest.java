package tributary.tests.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static tributary.tests.architecture.Room.PROTOCOL;
import static tributary.tests.architecture.Room.SCHEDULING;

import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The scheduler is told everything and reaches for nothing. */
@AnalyzeClasses(packages = "tributary", importOptions = ProductionCode.class)
final class SchedulerPurityTest {
  /** Neither files, sockets, clocks nor locks lie in these. */
  private static final String[] PURE = {
    SCHEDULING,
    PROTOCOL,
    "java.lang",
    "java.lang.annotation",
    "java.lang.invoke",
    "java.lang.runtime",
    "java.util",
    "java.util.function",
    "java.util.stream",
    "org.jspecify..",
    "com.google.errorprone.annotations.."
  };

  @ArchTest
  static final ArchRule the_scheduler_knows_only_the_protocol =
      classes()
          .that()
          .resideInAPackage(SCHEDULING)
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(PURE)
          .because("the same classes run in real time and in trace time");

  @ArchTest
  static final ArchRule the_scheduler_reads_no_clock =
      noClasses()
          .that()
          .resideInAPackage(SCHEDULING)
          .should()
          .callMethod(System.class, "nanoTime")
          .orShould()
          .callMethod(System.class, "currentTimeMillis")
          .because("it is told the time");

  @ArchTest
  static final ArchRule the_scheduler_has_no_thread_and_no_dice =
      noClasses()
          .that()
          .resideInAPackage(SCHEDULING)
          .should()
          .dependOnClassesThat()
          .haveNameMatching("java\\.(util\\.(Timer|.*Random)|lang\\.(Thread|Process).*)")
          .orShould()
          .callMethod(Math.class, "random")
          .because("the same events must always give the same plans");

  @ArchTest
  static final ArchRule the_scheduler_asks_the_process_nothing =
      noClasses()
          .that()
          .resideInAPackage(SCHEDULING)
          .should()
          .callMethod(System.class, "getenv", String.class)
          .orShould()
          .callMethod(System.class, "getProperty", String.class)
          .orShould()
          .dependOnClassesThat()
          .belongToAnyOf(Runtime.class)
          .because("its limits are given to it");
}
