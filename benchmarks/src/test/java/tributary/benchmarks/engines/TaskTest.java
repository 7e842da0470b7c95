package tributary.benchmarks.engines;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TaskTest {
  static Stream<Arguments> works() {
    return Stream.of(
        Arguments.of("decode", new Work.Decode(8, 32)),
        Arguments.of("one-bit-deltas", new Work.OneBitDeltas(8, 32)),
        Arguments.of("lora-adapters", new Work.LoraAdapters(8, 32)),
        Arguments.of("prefill", new Work.Prefill(512)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("works")
  void a_process_reads_the_task_that_was_written_for_it(String kind, Work work)
      throws IOException {
    Path path = Path.of("/somewhere").toAbsolutePath();
    ComparedModel model =
        new ComparedModel(path, path, List.of(new ComparedModel.Adapter(path, path)));
    Task task = new Task(model, work, 5, 6, 2, "x");
    ObjectMapper json = new ObjectMapper();

    JsonNode written = json.readTree(json.writeValueAsString(task));

    assertThat(written.path("work").path("kind").asText()).isEqualTo(kind);
    assertThat(json.treeToValue(written, Task.class)).isEqualTo(task);
  }
}
