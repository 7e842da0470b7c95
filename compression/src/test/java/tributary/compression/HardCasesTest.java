package tributary.compression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.Golden;
import tributary.model.tokenizer.TinyTokenizers;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.SafetensorsWriter;

/** What every codec makes of models, records and disks that are no good. */
class HardCasesTest {
  private static final int RECORDS = 12;
  private static final String LINEAR = "model.layers.1.mlp.up_proj.weight";
  private static final String EMBEDDINGS = "model.embed_tokens.weight";

  @TempDir Path directory;

  private Path base;
  private Path tuned;
  private Path records;
  private Path results;
  private Backend backend;

  static Stream<String> codecs() {
    return Stream.of(
        "bitdelta",
        "bitdelta:planes=1,refine=distill",
        "bitdelta:refine=calibrate",
        "deltazip",
        "spqr",
        "any-precision:bits=2",
        "sign-planes",
        "vector-codes",
        "auto:budget_bits=2.5",
        "auto:keep_quality=0.2");
  }

  /** Every codec, and the archive; training scales writes nothing of its own. */
  private static Stream<String> written() {
    return Stream.concat(
        codecs().filter(codec -> !codec.contains("distill")), Stream.of("lossless"));
  }

  @BeforeEach
  void writeModelsAndRecords() throws IOException {
    base = copy("llama");
    tuned = copy("llama-finetune");
    results = Files.createDirectories(directory.resolve("results"));
    records = records("ab cd ef gh ij kl mn op qr st");
    backend = Backends.open(BackendChoice.AUTO, 2);
  }

  @AfterEach
  void closeBackend() {
    backend.close();
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void weights_that_are_not_finite_are_refused(String codec) throws IOException {
    for (String name : List.of(LINEAR, EMBEDDINGS)) {
      for (float value : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
        tuned = copy("llama-finetune");
        change(tuned, name, values -> values[values.length / 2] = value);
        assertRefused(codec, "not finite");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void a_matrix_of_another_shape_is_refused_by_name(String codec) throws IOException {
    SequencedMap<String, TensorView> tensors = tensors(tuned);
    Shape shape = Objects.requireNonNull(tensors.get(LINEAR)).shape();
    tensors.put(LINEAR, Models.random(1, 1, Shape.of(shape.dimension(0) + 1, shape.dimension(1))));
    write(tuned, tensors);
    assertRefused(codec, LINEAR);
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void records_longer_than_the_context_lose_what_does_not_fit(String codec) throws IOException {
    records = records("many words ".repeat(400));
    assertSound(codec);
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void inputs_that_never_came_and_hardly_differ_cost_no_codec_its_senses(String codec)
      throws IOException {
    // One letter over and over tells nothing of most inputs, and a norm of zeros of the others.
    records = records("aaaa");
    for (Path model : List.of(base, tuned)) {
      change(
          model,
          "model.layers.1.post_attention_layernorm.weight",
          values -> values[0] = values[3] = 0);
    }
    assertSound(codec);
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void a_layer_that_is_all_but_unchanged_is_coded_beside_others(String codec) throws IOException {
    float[] before = Objects.requireNonNull(tensors(base).get(LINEAR)).toFloats();
    change(
        tuned,
        LINEAR,
        values -> {
          System.arraycopy(before, 0, values, 0, values.length);
          values[0] += 1;
        });
    assertSound(codec);
  }

  @Test
  void a_disk_that_is_full_leaves_nothing_half_written() throws Exception {
    Process child = limited(8);
    String said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(child.waitFor()).as(said).isZero();
    long refused = said.lines().filter(line -> line.contains("file_unwritable")).count();
    assertThat(refused).as(said).isEqualTo(written().count());
    assertThat(results).isEmptyDirectory();
  }

  /** Every codec in a process whose files may have only so many kilobytes. */
  private Process limited(int kilobytes) throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String command =
        Stream.of(
                java,
                "--enable-native-access=ALL-UNNAMED",
                "--add-modules=jdk.incubator.vector",
                "-Xshare:auto",
                "-XX:-UsePerfData",
                "-cp",
                System.getProperty("java.class.path"),
                HardCasesTest.class.getName(),
                base.toString(),
                tuned.toString(),
                records.toString(),
                results.toString())
            .map(word -> "'" + word + "'")
            .collect(Collectors.joining(" "));
    return new ProcessBuilder("bash", "-c", "ulimit -f " + kilobytes + "; exec " + command)
        .redirectErrorStream(true)
        .start();
  }

  /** Prints the code of the refusal of each codec. */
  static void main(String[] paths) {
    try (Backend backend = Backends.open(BackendChoice.AUTO, 2)) {
      written()
          .forEach(codec -> {
            try {
              encode(paths, codec, backend);
              print(codec + ": written");
            } catch (TributaryException e) {
              print(codec + ": " + e.getMessage());
            }
          });
    }
  }

  @SuppressWarnings("SystemOut") // How a process says something to the one that started it.
  private static void print(String line) {
    System.out.println(line);
  }

  private void assertRefused(String codec, String part) {
    assertThatThrownBy(() -> encode(codec))
        .isInstanceOfSatisfying(
            TributaryException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INCOMPATIBLE_MODELS))
        .hasMessageContaining(part);
    assertThat(results).isEmptyDirectory();
  }

  /** All that the file decodes to is finite, and no temporary file is left. */
  private void assertSound(String codec) throws IOException {
    DeltaEncoder.Summary summary = encode(codec);
    assertThat(summary.relativeError()).isBetween(0.0, 2.0);
    try (DecodedModel decoded = DecodedModel.open(base, out())) {
      for (String name : decoded.names()) {
        for (float value : decoded.tensor(name).toFloats()) {
          assertThat(Float.isFinite(value)).as(name).isTrue();
        }
      }
    }
    try (Stream<Path> files = Files.list(results)) {
      assertThat(files).containsExactly(out());
    }
  }

  private DeltaEncoder.Summary encode(String codec) {
    String[] paths = {base.toString(), tuned.toString(), records.toString(), results.toString()};
    return encode(paths, codec, backend);
  }

  private static DeltaEncoder.Summary encode(String[] paths, String codec, Backend backend) {
    var calibration = new DeltaEncoder.Calibration(Path.of(paths[2]), RECORDS, 1 << 10, backend);
    var job =
        new DeltaEncoder.Job(
            Path.of(paths[0]),
            Path.of(paths[1]),
            "acme",
            CodecText.parse(codec),
            Path.of(paths[3], "acme.delta.safetensors"),
            Optional.of(calibration));
    return DeltaEncoder.encode(job, (_, _) -> {});
  }

  private Path out() {
    return results.resolve("acme.delta.safetensors");
  }

  private static void change(Path model, String name, Consumer<float[]> change) {
    SequencedMap<String, TensorView> tensors = tensors(model);
    TensorView tensor = Objects.requireNonNull(tensors.get(name));
    float[] values = tensor.toFloats();
    change.accept(values);
    tensors.put(name, TensorView.of(tensor.shape(), values));
    write(model, tensors);
  }

  /** Copies of a model's tensors. */
  private static SequencedMap<String, TensorView> tensors(Path model) {
    SequencedMap<String, TensorView> tensors = new TreeMap<>();
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      for (String name : checkpoint.names()) {
        TensorView tensor = checkpoint.tensor(name);
        tensors.put(name, TensorView.of(tensor.shape(), tensor.toFloats()));
      }
    }
    return tensors;
  }

  private static void write(Path model, SequencedMap<String, TensorView> tensors) {
    SafetensorsWriter.write(model.resolve("model.safetensors"), Map.of(), tensors);
  }

  private Path copy(String name) throws IOException {
    Path copy = Files.createDirectories(directory.resolve(name));
    for (String file : List.of("config.json", "generation_config.json", "model.safetensors")) {
      Path to = copy.resolve(file);
      Files.deleteIfExists(to);
      Files.copy(Golden.directory(name).resolve(file), to);
      assertThat(to.toFile().setWritable(true)).isTrue();
    }
    TinyTokenizers.byteLevel(copy);
    return copy;
  }

  private Path records(String completion) throws IOException {
    List<String> lines =
        Stream.iterate(0, i -> i + 1)
            .limit(RECORDS)
            .map(i -> "{\"prompt\": \"a\", \"completion\": \"%s\"}".formatted(completion))
            .toList();
    return Files.write(directory.resolve("calibration.jsonl"), lines);
  }
}
