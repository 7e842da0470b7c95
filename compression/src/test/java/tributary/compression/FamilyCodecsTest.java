package tributary.compression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.BaseModel;
import tributary.model.ForwardPass;
import tributary.model.ModelConfig;
import tributary.model.ResidentDelta;
import tributary.model.StepBatch;
import tributary.model.TinyFamilies;
import tributary.model.tokenizer.TinyTokenizers;
import tributary.tensor.container.DeltaFile;

/** Every codec on a fine-tune of every family: what is served is what the file decodes to. */
class FamilyCodecsTest {
  /** As many as a byte-level tokenizer has. */
  private static final int VOCABULARY = 320;

  private static final int RECORDS = 12;
  private static final int[] TOKENS = {1, 70, 99, 200, 3, 77, 150, 12, 4};
  private static final List<String> CODECS =
      List.of(
          "bitdelta:planes=2",
          "bitdelta:planes=1,refine=distill",
          "deltazip:bits=4",
          "spqr:bits=3",
          "any-precision:bits=3",
          "sign-planes:planes=2",
          "vector-codes:rows=5",
          "auto:budget_bits=8");

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource
  void every_codec_round_trips(TinyFamilies family) throws IOException {
    Path base = family.write(directory.resolve("base"), 21, VOCABULARY);
    Path tuned = TinyFamilies.fineTune(base, directory.resolve("tuned"), 22);
    TinyTokenizers.byteLevel(tuned);
    Path records = records();
    try (Backend backend = Backends.open(BackendChoice.AUTO, 2);
        BaseModel model = BaseModel.load(base, backend);
        BaseModel original = BaseModel.load(tuned, backend)) {
      List<float[]> wanted = logits(original, ResidentDelta.none());
      double off = distance(wanted, logits(model, ResidentDelta.none()));
      for (String codec : CODECS) {
        Path out = directory.resolve(codec.replaceAll("\\W", "-") + ".safetensors");
        var calibration = new DeltaEncoder.Calibration(records, RECORDS, 1 << 9, backend);
        DeltaEncoder.encode(
            new DeltaEncoder.Job(
                base, tuned, "acme", CodecText.parse(codec), out, Optional.of(calibration)),
            (_, _) -> {});
        try (ResidentDelta served = ResidentDelta.load(out, model);
            BaseModel decoded = DecodedModel.load(base, out, ModelConfig.read(tuned), backend);
            DeltaFile file = DeltaFile.open(out)) {
          assertThat(new TreeSet<>(file.tensors().keySet()))
              .as(codec)
              .isEqualTo(new TreeSet<>(original.tensors().names()));
          List<float[]> found = logits(model, served);
          List<float[]> dense = logits(decoded, ResidentDelta.none());
          for (int row = 0; row < TOKENS.length; row++) {
            assertThat(found.get(row)).as(codec).containsExactly(dense.get(row), within(2e-3f));
          }
          assertThat(distance(wanted, found)).as(codec).isLessThan(0.9 * off);
        }
      }
    }
  }

  /** Root of the mean square of what logits differ by. */
  private static double distance(List<float[]> a, List<float[]> b) {
    double sum = 0;
    for (int row = 0; row < a.size(); row++) {
      for (int i = 0; i < a.get(row).length; i++) {
        double difference = (double) a.get(row)[i] - b.get(row)[i];
        sum += difference * difference;
      }
    }
    return Math.sqrt(sum / a.size() / a.getFirst().length);
  }

  private Path records() throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < RECORDS; i++) {
      lines.add(
          "{\"prompt\": \"%s\", \"completion\": \"%s\"}"
              .formatted(letters(random, 8), letters(random, 4)));
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
