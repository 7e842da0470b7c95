package tributary.tests.architecture;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** For every rule there is a class that breaks it. */
final class RulesBiteTest {
  private static final Map<String, Offender> OFFENDERS =
      Map.ofEntries(
          Map.entry("protocol_uses_no_other_room", usesTheCommandLine("protocol")),
          Map.entry("config_uses_only_the_protocol", usesTheCommandLine("config")),
          Map.entry("tensor_uses_only_the_protocol", usesTheCommandLine("tensor")),
          Map.entry("gpu_knows_no_model", Offender.holding("tributary.gpu.X", "tributary.model.Y")),
          Map.entry("model_uses_only_what_computes", usesTheCommandLine("model")),
          Map.entry("compression_uses_only_what_computes", usesTheCommandLine("compression")),
          Map.entry("scheduling_uses_only_the_protocol", usesTheCommandLine("scheduling")),
          Map.entry("actors_drive_the_model_and_the_scheduler", usesTheCommandLine("actors")),
          Map.entry(
              "streams_see_nothing_below_the_actors",
              Offender.holding("tributary.streams.X", "tributary.model.ForwardPass")),
          Map.entry(
              "simulation_uses_the_real_scheduler_and_no_device",
              Offender.holding("tributary.simulation.X", "tributary.gpu.Y")),
          Map.entry(
              "cli_is_used_by_nobody_and_uses_all",
              Offender.holding("tributary.cli.X", "tributary.tests.Y")),
          Map.entry(
              "the_scheduler_knows_only_the_protocol",
              Offender.holding("tributary.scheduling.X", "java.nio.file.Path")),
          Map.entry(
              "the_scheduler_reads_no_clock",
              Offender.calling("tributary.scheduling.X", "java.lang.System", "nanoTime", to("J"))),
          Map.entry(
              "the_scheduler_has_no_thread_and_no_dice",
              Offender.holding("tributary.scheduling.X", "java.util.SplittableRandom")),
          Map.entry(
              "the_scheduler_asks_the_process_nothing",
              Offender.holding("tributary.scheduling.X", "java.lang.Runtime")),
          Map.entry(
              "akka_stays_in_the_running_system",
              Offender.holding("tributary.protocol.X", "akka.actor.typed.ActorRef")),
          Map.entry(
              "databases_are_reached_in_one_room",
              Offender.holding("tributary.streams.X", "java.sql.Connection")),
          Map.entry(
              "the_vector_api_has_one_importer",
              Offender.holding("tributary.gpu.scalar.X", "jdk.incubator.vector.FloatVector")),
          Map.entry(
              "simulation_makes_no_step_plan_itself",
              Offender.making(
                  "tributary.simulation.X",
                  "tributary.scheduling.StepPlan",
                  MethodTypeDesc.ofDescriptor("(JLjava/util/List;)V"))),
          Map.entry(
              "simulation_reads_no_clock",
              Offender.calling("tributary.simulation.X", "java.lang.System", "nanoTime", to("J"))),
          Map.entry(
              "jcuda_has_one_importer",
              Offender.holding("tributary.gpu.X", "jcuda.driver.CUdeviceptr")),
          Map.entry(
              "kryo_stays_in_the_serializer",
              Offender.holding("tributary.streams.X", "com.esotericsoftware.kryo.Kryo")),
          Map.entry(
              "settings_files_are_read_in_one_room",
              Offender.holding("tributary.model.X", "com.typesafe.config.Config")),
          Map.entry(
              "the_tokenizer_library_has_one_importer",
              Offender.holding("tributary.model.X", "ai.djl.huggingface.tokenizers.Encoding")),
          Map.entry(
              "metrics_leave_through_the_streams",
              Offender.holding("tributary.gpu.X", "kamon.metric.Counter")),
          Map.entry(
              "the_command_line_stays_in_its_room",
              Offender.holding("tributary.compression.X", "picocli.CommandLine")),
          Map.entry(
              "scalar_kernels_know_no_faster_twin",
              Offender.holding("tributary.gpu.scalar.X", "tributary.gpu.vector.Y")),
          Map.entry(
              "every_package_is_null_marked",
              Offender.holding("tributary.unmarked.X", "java.lang.Object")),
          Map.entry(
              "nobody_uses_java_serialization",
              Offender.holding("tributary.actors.X", "java.io.ObjectInputStream")),
          Map.entry(
              "nobody_offers_java_serialization",
              Offender.implementing("tributary.protocol.X", "java.io.Serializable")),
          Map.entry(
              "only_the_command_line_ends_the_process",
              Offender.calling("tributary.actors.X", "java.lang.System", "exit", to("V", "I"))),
          Map.entry("only_the_command_line_prints", Offender.printing("tributary.model.X")),
          Map.entry(
              "nobody_keeps_state_in_static_fields",
              Offender.withMutableState("tributary.model.X")),
          Map.entry(
              "nobody_uses_unsafe", Offender.holding("tributary.tensor.X", "sun.misc.Unsafe")),
          Map.entry(
              "actors_and_routes_do_not_wait",
              Offender.calling("tributary.actors.X", "java.lang.Thread", "sleep", to("V", "J"))),
          Map.entry(
              "every_route_has_its_door",
              Offender.calling(
                  "tributary.streams.X",
                  "akka.http.javadsl.server.AllDirectives",
                  "get",
                  to("Lakka/http/javadsl/server/Route;"))),
          Map.entry(
              "no_class_is_a_drawer",
              Offender.holding("tributary.tensor.ByteUtils", "java.lang.Object")));

  @TempDir private Path directory;

  @Test
  void every_rule_has_its_offender() {
    assertThat(rules().map(Rule::name).collect(toSet())).isEqualTo(OFFENDERS.keySet());
  }

  @ParameterizedTest
  @MethodSource("rules")
  void a_rule_notices_its_offender(Rule rule) throws IOException {
    var offender = OFFENDERS.get(rule.name());
    assertThat(offender).isNotNull();
    var found = rule.rule().evaluate(offender.importedFrom(directory));
    assertThat(found.hasViolation()).isTrue();
    assertThat(found.getFailureReport().toString()).contains(offender.name());
  }

  static Stream<Rule> rules() {
    return Stream.of(
            RoomsTest.class, SchedulerPurityTest.class, LibrariesTest.class, HabitsTest.class)
        .flatMap(type -> Arrays.stream(type.getDeclaredFields()))
        .filter(field -> field.isAnnotationPresent(ArchTest.class))
        .map(Rule::of);
  }

  /** A rule under the name of its field. */
  record Rule(String name, ArchRule rule) {
    static Rule of(Field field) {
      try {
        return new Rule(field.getName(), (ArchRule) field.get(null));
      } catch (IllegalAccessException e) {
        throw new AssertionError(field + " is not visible to its own package", e);
      }
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static Offender usesTheCommandLine(String room) {
    return Offender.holding("tributary." + room + ".X", "tributary.cli.Main");
  }

  private static MethodTypeDesc to(String result, String... parameters) {
    return MethodTypeDesc.ofDescriptor("(" + String.join("", parameters) + ")" + result);
  }
}
