package tributary.compression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
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
    long most = encode("auto:keep_quality=0.9").fileSize().count();
    assertThat(some).isLessThan(most);
  }

  @Test
  void a_quality_is_kept_by_the_very_codes_that_were_measured() throws IOException {
    // Calibration reads few of the records, so that others are left to measure on.
    var calibration = new DeltaEncoder.Calibration(records, RECORDS, 400, backend);
    DeltaEncoder.Summary kept = encode("auto:keep_quality=0.5", calibration);
    byte[] whole = tensorBytes();
    // The smallest that this fine-tune can have, and all that auto tries above it.
    List<byte[]> ofBudgets = new ArrayList<>();
    for (String bits : List.of("1.25", "1.5", "1.75", "2.0", "2.5", "3.0", "4.0", "5.0")) {
      var summary = encode("auto:budget_bits=" + bits, calibration);
      if (summary.reasons().equals(kept.reasons())) {
        ofBudgets.add(tensorBytes());
      }
    }
    assertThat(ofBudgets).containsExactly(whole);
  }

  /** What the file holds behind its header. */
  private byte[] tensorBytes() throws IOException {
    byte[] file = Files.readAllBytes(out());
    long header = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
    return Arrays.copyOfRange(file, Math.toIntExact(Long.BYTES + header), file.length);
  }

  @Test
  void a_quality_out_of_reach_is_refused_with_what_can_be_had() {
    assertThatThrownBy(() -> encode("auto:keep_quality=1"))
        .isInstanceOfSatisfying(
            TributaryException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.QUALITY_UNREACHABLE))
        .hasMessageContaining("keep_quality is 1.0")
        .hasMessageContaining("lossless");
    assertThat(out()).doesNotExist();
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

  @ParameterizedTest
  @ValueSource(strings = {"deltazip:bits=2", "spqr:bits=3", "sign-planes:planes=2", "vector-codes"})
  void an_interrupted_compression_goes_on_behind_the_last_finished_layer(String codec)
      throws IOException {
    encode(codec);
    byte[] whole = Files.readAllBytes(out());
    Files.delete(out());
    assertThatThrownBy(() -> encode(codec, 1 << 12, stopAfter(11))).hasMessage("power cut");
    assertThat(out()).doesNotExist();
    assertThat(sizeOf(layers())).isBetween(1L, 2L * whole.length);
    var before = times();
    assertThat(before).isNotEmpty();
    assertThatThrownBy(() -> encode(codec, 1 << 12, stopAfter(14))).hasMessage("power cut");
    assertThat(times()).containsAllEntriesOf(before).hasSizeGreaterThan(before.size());
    encode(codec, 1 << 12, (_, _) -> {});
    assertThat(Files.readAllBytes(out())).isEqualTo(whole);
    assertThat(layers()).doesNotExist();
  }

  @Test
  void a_compression_that_changed_does_not_take_over_finished_layers() throws IOException {
    assertThatThrownBy(() -> encode("deltazip", 1 << 12, stopAfter(12))).hasMessage("power cut");
    assertRefusal(() -> encode("deltazip:bits=4", 1 << 12, (_, _) -> {}), "bits", "'2'", "'4'");
    assertRefusal(() -> encode("sign-planes", 1 << 12, (_, _) -> {}), "codec", "'deltazip'");
    assertRefusal(() -> encode("deltazip", 1 << 11, (_, _) -> {}), "tokens", "'4096'", "'2048'");
    Files.writeString(records, Files.readString(records).replace('a', 'b'));
    assertRefusal(() -> encode("deltazip", 1 << 12, (_, _) -> {}), "records", "delete");
    assertThat(out()).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bitdelta:refine=calibrate",
        "deltazip",
        "spqr",
        "any-precision",
        "sign-planes",
        "vector-codes",
        "auto:budget_bits=2",
        "auto:keep_quality=0.9"
      })
  void a_fine_tune_that_is_the_base_is_served_bit_for_bit_as_the_base(String codec) {
    tuned = base;
    encode(codec);
    try (BaseModel model = BaseModel.load(base, backend);
        ResidentDelta served = ResidentDelta.load(out(), model);
        DeltaFile file = DeltaFile.open(out())) {
      assertThat(file.tensors()).isEmpty();
      List<float[]> wanted = logits(model, ResidentDelta.none());
      List<float[]> found = logits(model, served);
      for (int row = 0; row < wanted.size(); row++) {
        assertThat(found.get(row)).isEqualTo(wanted.get(row));
      }
    }
  }

  private static void assertRefusal(ThrowingCallable run, String... texts) {
    assertThatThrownBy(run)
        .isInstanceOfSatisfying(
            TributaryException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INCOMPATIBLE_MODELS))
        .hasMessageContainingAll(texts);
  }

  /** Stops after so many tensors are done. */
  private static DeltaEncoder.Progress stopAfter(int tensors) {
    int[] left = {tensors};
    return (_, _) -> {
      if (--left[0] == 0) {
        throw new IllegalStateException("power cut");
      }
    };
  }

  private Path layers() {
    return directory.resolve("layers");
  }

  /** Of each finished layer when it was written. */
  private Map<Path, FileTime> times() throws IOException {
    Map<Path, FileTime> times = new TreeMap<>();
    try (Stream<Path> files = Files.list(layers())) {
      for (Path file : files.toList()) {
        times.put(file, Files.getLastModifiedTime(file));
      }
    }
    return times;
  }

  private static long sizeOf(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.mapToLong(file -> file.toFile().length()).sum();
    }
  }

  private DeltaEncoder.Summary encode(String codec) {
    return encode(codec, new DeltaEncoder.Calibration(records, RECORDS, 1 << 12, backend));
  }

  /** Keeps finished layers. */
  private DeltaEncoder.Summary encode(String codec, long tokens, DeltaEncoder.Progress progress) {
    var calibration = new DeltaEncoder.Calibration(records, RECORDS, tokens, backend, layers());
    return encode(codec, calibration, progress);
  }

  private DeltaEncoder.Summary encode(String codec, DeltaEncoder.Calibration calibration) {
    return encode(codec, calibration, (_, _) -> {});
  }

  private DeltaEncoder.Summary encode(
      String codec, DeltaEncoder.Calibration calibration, DeltaEncoder.Progress progress) {
    return DeltaEncoder.encode(
        new DeltaEncoder.Job(
            base, tuned, "acme", CodecText.parse(codec), out(), Optional.of(calibration)),
        progress);
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
