package tributary.tests.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static tributary.tests.architecture.Room.ACTORS;
import static tributary.tests.architecture.Room.CLI;
import static tributary.tests.architecture.Room.COMPRESSION;
import static tributary.tests.architecture.Room.CONFIG;
import static tributary.tests.architecture.Room.GPU;
import static tributary.tests.architecture.Room.MODEL;
import static tributary.tests.architecture.Room.PROTOCOL;
import static tributary.tests.architecture.Room.SCHEDULING;
import static tributary.tests.architecture.Room.SIMULATION;
import static tributary.tests.architecture.Room.STREAMS;
import static tributary.tests.architecture.Room.TENSOR;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaConstructorCall;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import tributary.scheduling.StepPlan;
import tributary.scheduling.residency.DeltaMove;

/** Which room may use which. */
@AnalyzeClasses(packages = "tributary", importOptions = ProductionCode.class)
final class RoomsTest {
  @ArchTest
  static final ArchRule protocol_uses_no_other_room =
      Room.mayUse(PROTOCOL).because("everybody shares its words");

  @ArchTest
  static final ArchRule config_uses_only_the_protocol =
      Room.mayUse(CONFIG, PROTOCOL).because("settings are read before anything else exists");

  @ArchTest
  static final ArchRule tensor_uses_only_the_protocol =
      Room.mayUse(TENSOR, PROTOCOL)
          .because("a layout is defined by its bytes, not by who wrote or multiplies them");

  @ArchTest
  static final ArchRule gpu_knows_no_model =
      Room.mayUse(GPU, TENSOR, PROTOCOL)
          .because("a kernel contract speaks of rows and matrices, not of layers");

  @ArchTest
  static final ArchRule model_uses_only_what_computes =
      Room.mayUse(MODEL, GPU, TENSOR, PROTOCOL)
          .because("the forward pass also runs in offline commands");

  @ArchTest
  static final ArchRule compression_uses_only_what_computes =
      Room.mayUse(COMPRESSION, MODEL, GPU, TENSOR, PROTOCOL)
          .because("deltas are encoded offline, without a cluster");

  @ArchTest
  static final ArchRule scheduling_uses_only_the_protocol =
      Room.mayUse(SCHEDULING, PROTOCOL)
          .because("the actors and the simulator must make the same decisions");

  @ArchTest
  static final ArchRule actors_drive_the_model_and_the_scheduler =
      Room.mayUse(ACTORS, MODEL, "tributary.gpu", SCHEDULING, CONFIG, PROTOCOL)
          .because("they wire what others decide and compute");

  @ArchTest
  static final ArchRule streams_see_nothing_below_the_actors =
      Room.mayUse(
              STREAMS,
              ACTORS,
              "tributary.model.tokenizer..",
              "tributary.model.grammar..",
              CONFIG,
              PROTOCOL)
          .because("HTTP is a client of the running system");

  @ArchTest
  static final ArchRule simulation_uses_the_real_scheduler_and_no_device =
      Room.mayUse(SIMULATION, SCHEDULING, CONFIG, PROTOCOL)
          .because("a cost model stands where the device would");

  @ArchTest
  static final ArchRule simulation_makes_no_step_plan_itself =
      noClasses()
          .that()
          .resideInAPackage(SIMULATION)
          .should()
          .callConstructorWhere(makes(StepPlan.class))
          .orShould()
          .callConstructorWhere(makes(DeltaMove.class))
          .because("the scheduler and the residency that serve decide what runs and what moves");

  @ArchTest
  static final ArchRule simulation_reads_no_clock =
      noClasses()
          .that()
          .resideInAPackage(SIMULATION)
          .should()
          .callMethod(System.class, "nanoTime")
          .orShould()
          .callMethod(System.class, "currentTimeMillis")
          .because("the same seed gives the same bytes");

  private static DescribedPredicate<JavaConstructorCall> makes(Class<?> type) {
    return DescribedPredicate.describe(
        "it makes a " + type.getSimpleName(), call -> call.getTargetOwner().isEquivalentTo(type));
  }

  @ArchTest
  static final ArchRule cli_is_used_by_nobody_and_uses_all =
      Room.mayUse(
              CLI,
              STREAMS,
              ACTORS,
              SIMULATION,
              COMPRESSION,
              SCHEDULING,
              MODEL,
              GPU,
              TENSOR,
              CONFIG,
              PROTOCOL)
          .because("it only wires");
}
