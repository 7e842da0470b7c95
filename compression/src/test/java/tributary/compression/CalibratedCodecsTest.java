package tributary.compression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.BaseModel;
import tributary.model.ForwardPass;
import tributary.model.Golden;
import tributary.model.ModelConfig;
import tributary.model.ResidentDelta;
import tributary.model.StepBatch;
import tributary.model.tokenizer.TinyTokenizers;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.format.DeltaTensor;

/** Every codec from two checkpoints and records to a file that is served. */
class CalibratedCodecsTest {
  private static final int RECORDS = 40;
  private static final int[] TOKENS = {1, 70, 99, 200, 3, 77, 150};
  private static final double ERROR_MAX = 2e-3;

  @TempDir Path directory;

  private Path base;
  private Path tuned;
  private Path records;
  private Backend backend;

  @BeforeEach
  void writeModelsAndRecords() throws IOException {
    base = copy("llama");
    tuned = copy("llama-finetune");
    records = records(RECORDS);
    backend = Backends.open(BackendChoice.AUTO, 2);
  }

  @AfterEach
  void closeBackend() {
    backend.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bitdelta:planes=2,refine=calibrate",
        "bitdelta:planes=1,scales=scalar,refine=distill",
        "deltazip:bits=2,faithful=true",
        "deltazip:bits=4,keep=1:4",
        "deltazip:bits=3,keep=0.5,zstd=true",
        "spqr:bits=3",
        "spqr:bits=2,act_order=false,outliers=Infinity",
        "any-precision:bits=3",
        "sign-planes:planes=2",
        "sign-planes:planes=1,distill=true,embedding_bits=16",
        "vector-codes:rows=5",
        "auto:budget_bits=2.5"
      })
  void what_is_served_is_what_the_file_decodes_to(String codec) throws IOException {
    DeltaEncoder.Summary summary = encode(codec);
    byte[] first = Files.readAllBytes(out());
    assertThat(summary.relativeError()).isBetween(0.01, 1.2);
    try (BaseModel model = BaseModel.load(base, backend);
        ResidentDelta served = ResidentDelta.load(out(), model);
        BaseModel decoded = DecodedModel.load(base, out(), ModelConfig.read(tuned), backend)) {
      List<float[]> wanted = logits(decoded, ResidentDelta.none());
      List<float[]> found = logits(model, served);
      for (int row = 0; row < wanted.size(); row++) {
        for (int id = 0; id < wanted.get(row).length; id++) {
          assertThat((double) Math.abs(found.get(row)[id] - wanted.get(row)[id]))
              .isLessThan(ERROR_MAX);
        }
      }
    }
    encode(codec);
    assertThat(Files.readAllBytes(out())).isEqualTo(first);
  }

  @ParameterizedTest
  @ValueSource(doubles = {2, 3, 4})
  void auto_keeps_its_budget_and_says_what_it_chose(double bits) {
    DeltaEncoder.Summary summary = encode("auto:budget_bits=" + bits);
    long resident = 0;
    try (DeltaFile file = DeltaFile.open(out())) {
      for (DeltaTensor tensor : file.tensors().values()) {
        resident +=
            switch (tensor) {
              case DeltaTensor.Coded coded -> coded.size().count();
              case DeltaTensor.Replaced(var value) -> value.data().byteSize();
              case DeltaTensor.Archived _ -> throw new AssertionError("an archive");
            };
      }
    }
    assertThat(8.0 * resident / summary.manifest().originalElements()).isBetween(0.75 * bits, bits);
    assertThat(summary.reasons()).hasSize(16).allMatch(reason -> reason.contains("bits"));
  }

  @Test
  void auto_spends_no_more_than_a_quality_needs() {
    long some = encode("auto:keep_quality=0.3").fileSize().count();
    long all = encode("auto:keep_quality=1").fileSize().count();
    assertThat(some).isLessThan(all);
  }

  @Test
  void a_budget_that_nothing_fits_is_refused_with_what_is_needed() {
    assertThatThrownBy(() -> encode("auto:budget_bits=0.1"))
        .isInstanceOfSatisfying(
            TributaryException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_PARAMETER))
        .hasMessageContaining("at least");
    assertThat(out()).doesNotExist();
  }

  static Stream<String> codecs_that_look_at_records() {
    return Stream.of("deltazip", "spqr", "any-precision", "sign-planes", "vector-codes");
  }

  @ParameterizedTest
  @MethodSource("codecs_that_look_at_records")
  void a_codec_that_looks_at_records_asks_for_them(String codec) {
    var job = new DeltaEncoder.Job(base, tuned, "acme", CodecText.parse(codec), out());
    assertThatThrownBy(() -> DeltaEncoder.encode(job, (_, _) -> {}))
        .hasMessageContaining("--calibration")
        .hasMessageContaining(codec);
    assertThat(out()).doesNotExist();
  }

  @Test
  void too_few_records_are_refused() throws IOException {
    records = records(RECORDS - 1);
    assertThatThrownBy(() -> encode("sign-planes")).hasMessageContaining("39");
    assertThat(out()).doesNotExist();
  }

  @Test
  void a_pattern_that_makes_no_sense_is_refused() {
    assertThatThrownBy(() -> encode("deltazip:keep=4:2")).hasMessageContaining("4:2");
    assertThatThrownBy(() -> encode("deltazip:keep=most")).hasMessageContaining("most");
  }

  private DeltaEncoder.Summary encode(String codec) {
    var calibration = new DeltaEncoder.Calibration(records, RECORDS, 1 << 12, backend);
    return DeltaEncoder.encode(
        new DeltaEncoder.Job(
            base, tuned, "acme", CodecText.parse(codec), out(), Optional.of(calibration)),
        (_, _) -> {});
  }

  private Path out() {
    return directory.resolve("acme.delta.safetensors");
  }

  private Path copy(String name) throws IOException {
    Path copy = Files.createDirectories(directory.resolve(name));
    for (String file : List.of("config.json", "generation_config.json", "model.safetensors")) {
      Files.copy(Golden.directory(name).resolve(file), copy.resolve(file));
    }
    TinyTokenizers.byteLevel(copy);
    return copy;
  }

  private Path records(int count) throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      lines.add(
          "{\"prompt\": \"%s\", \"completion\": \"%s\"}"
              .formatted(letters(random, 12), letters(random, 10)));
    }
    return Files.write(directory.resolve("calibration.jsonl"), lines);
  }

  private static String letters(SplittableRandom random, int count) {
    StringBuilder text = new StringBuilder();
    random.ints(count, 'a', 'z' + 1).forEach(text::appendCodePoint);
    return text.toString();
  }

  private static List<float[]> logits(BaseModel model, ResidentDelta delta) {
    List<float[]> rows = new ArrayList<>();
    try (ForwardPass pass = ForwardPass.create(model, 4, 16)) {
      var slice = new StepBatch.Slice(delta, TOKENS, 0, new int[] {2}, StepBatch.LogitRows.ALL);
      pass.run(new StepBatch(List.of(slice)), (_, _, logits) -> rows.add(logits.clone()));
    }
    return rows;
  }
}
