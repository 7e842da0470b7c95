package tributary.tests.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static tributary.tests.architecture.Room.ACTORS;
import static tributary.tests.architecture.Room.CLI;
import static tributary.tests.architecture.Room.STREAMS;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.util.Set;
import org.jspecify.annotations.NullMarked;

/** Habits that hold in every room. */
@AnalyzeClasses(packages = "tributary", importOptions = ProductionCode.class)
final class HabitsTest {
  private static final Set<String> WAITING =
      Set.of(
          "java.lang.Thread.sleep",
          "java.lang.Thread.join",
          "java.util.concurrent.CompletableFuture.get",
          "java.util.concurrent.CompletableFuture.join",
          "java.util.concurrent.CountDownLatch.await",
          "java.util.concurrent.Future.get",
          "java.util.concurrent.Semaphore.acquire",
          "scala.concurrent.Await.ready",
          "scala.concurrent.Await.result");

  @ArchTest
  static final ArchRule every_package_is_null_marked =
      classes()
          .should(liveInANullMarkedPackage())
          .because("an absent value is always written down");

  @ArchTest
  static final ArchRule nobody_uses_java_serialization =
      noClasses()
          .should()
          .dependOnClassesThat()
          .belongToAnyOf(ObjectInputStream.class, ObjectOutputStream.class)
          .because("reading it can run the sender's code");

  @ArchTest
  static final ArchRule nobody_offers_java_serialization =
      classes().should(notImplementItself(Serializable.class)).because("messages go through Kryo");

  @ArchTest
  static final ArchRule only_the_command_line_ends_the_process =
      noClasses()
          .that()
          .resideOutsideOfPackage(CLI)
          .should()
          .callMethod(System.class, "exit", int.class)
          .orShould()
          .callMethod(Runtime.class, "exit", int.class)
          .orShould()
          .callMethod(Runtime.class, "halt", int.class)
          .because("every other room is also used by tests and by other programs");

  @ArchTest
  static final ArchRule only_the_command_line_prints =
      noClasses()
          .that()
          .resideOutsideOfPackage(CLI)
          .should(ACCESS_STANDARD_STREAMS)
          .because("standard output carries results; the rest goes to the log");

  @ArchTest
  static final ArchRule nobody_keeps_state_in_static_fields =
      noFields()
          .that()
          .areStatic()
          .should()
          .notBeFinal()
          .because("two nodes live in one process in the tests");

  @ArchTest
  static final ArchRule nobody_uses_unsafe =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("sun..", "jdk.internal..")
          .because("memory has one owner, and it is an Arena");

  @ArchTest
  static final ArchRule actors_and_routes_do_not_wait =
      noClasses()
          .that()
          .resideInAnyPackage(ACTORS, STREAMS)
          .should()
          .callMethodWhere(itWaits())
          .because("a blocked dispatcher stops every tenant; pipe the result to yourself");

  @ArchTest
  static final ArchRule every_route_has_its_door =
      noClasses()
          .that()
          .resideInAPackage(STREAMS)
          .and()
          .doNotHaveFullyQualifiedName("tributary.streams.ApiRoutes")
          .and()
          .doNotHaveFullyQualifiedName("tributary.streams.ConsolePages")
          .should()
          .callMethodWhere(itTakesAMethod())
          .because("what is not in the table of paths is not tried without a key");

  @ArchTest
  static final ArchRule no_class_is_a_drawer =
      noClasses()
          .should()
          .haveNameMatching(".*(Utils?|Helpers?|Manager|Impl|Misc)")
          .because("a name says what the class is, not that it did not fit elsewhere");

  /** What its owner closes runs on the owner's thread, which asked to wait. */
  private static DescribedPredicate<JavaMethodCall> itWaits() {
    return DescribedPredicate.describe(
        "it waits for another thread",
        call ->
            WAITING.contains(call.getTargetOwner().getName() + "." + call.getTarget().getName())
                && !call.getOriginOwner().isAssignableTo(AutoCloseable.class));
  }

  /** A directive such as {@code get} or {@code post}. */
  private static DescribedPredicate<JavaMethodCall> itTakesAMethod() {
    var methods = Set.of("get", "post", "put", "patch", "delete", "head", "options", "method");
    return DescribedPredicate.describe(
        "it opens a route to an HTTP method",
        call ->
            methods.contains(call.getTarget().getName())
                && call.getTargetOwner()
                    .isAssignableTo("akka.http.javadsl.server.directives.MethodDirectives"));
  }

  private static ArchCondition<JavaClass> liveInANullMarkedPackage() {
    return new ArchCondition<>("live in a @NullMarked package") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        boolean marked =
            type.getPackage()
                .tryGetPackageInfo()
                .map(info -> info.isAnnotatedWith(NullMarked.class))
                .orElse(false);
        events.add(
            new SimpleConditionEvent(
                type, marked, type.getFullName() + ": no package-info with @NullMarked beside it"));
      }
    };
  }

  private static ArchCondition<JavaClass> notImplementItself(Class<?> type) {
    return new ArchCondition<>("not name " + type.getSimpleName() + " among its interfaces") {
      @Override
      public void check(JavaClass candidate, ConditionEvents events) {
        boolean implementsIt =
            candidate.getRawInterfaces().stream().anyMatch(it -> it.isEquivalentTo(type));
        events.add(
            new SimpleConditionEvent(
                candidate, !implementsIt, candidate.getFullName() + " implements " + type));
      }
    };
  }
}
