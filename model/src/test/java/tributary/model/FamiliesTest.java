package tributary.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.StepBatch.LogitRows;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.SafetensorsWriter;
import tributary.tensor.format.DeltaTensor;

/** What holds for every family, of any size. */
class FamiliesTest {
  private static final int PAGE_TOKENS = 4;
  private static final int[] TOKENS = {1, 17, 30, 4, 17, 5, 36, 0, 9, 21, 2, 8};
  private static final int[] OTHERS = {3, 3, 12, 35, 7, 19, 4};

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource
  void both_backends_agree(TinyFamilies family) {
    family.write(directory, 1);
    List<float[]> scalar;
    try (Backend backend = Backends.open(BackendChoice.SCALAR, 1);
        BaseModel model = BaseModel.load(directory, backend);
        ForwardPass pass = ForwardPass.create(model, 8, PAGE_TOKENS)) {
      scalar = whole(pass, ResidentDelta.none(), TOKENS);
    }
    try (Backend backend = Backends.open(BackendChoice.VECTOR, 2);
        BaseModel model = BaseModel.load(directory, backend);
        ForwardPass pass = ForwardPass.create(model, 8, PAGE_TOKENS)) {
      List<float[]> vector = whole(pass, ResidentDelta.none(), TOKENS);

      for (int row = 0; row < TOKENS.length; row++) {
        assertThat(vector.get(row)).containsExactly(scalar.get(row), within(1e-4f));
      }
      assertThat(spread(scalar.getLast())).isGreaterThan(0.1);
    }
  }

  /** Logits that hardly differ would agree by themselves. */
  private static double spread(float[] logits) {
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      least = Math.min(least, logit);
      most = Math.max(most, logit);
    }
    return most - least;
  }

  /** Token by token over the cache, beside a sequence of another tenant. */
  @ParameterizedTest
  @EnumSource
  void decoding_in_a_mixed_batch_gives_what_a_whole_prefill_alone_gives(TinyFamilies family) {
    family.write(directory, 2);
    try (Backend backend = Backends.open(BackendChoice.VECTOR, 2);
        BaseModel model = BaseModel.load(directory, backend);
        ForwardPass pass = ForwardPass.create(model, 16, PAGE_TOKENS);
        ResidentDelta delta = ResidentDelta.of(differences(model), model)) {
      ResidentDelta base = ResidentDelta.none();
      List<float[]> alone = whole(pass, delta, TOKENS);
      List<float[]> beside = whole(pass, base, OTHERS);
      assertThat(alone.getLast()).isNotEqualTo(whole(pass, base, TOKENS).getLast());

      for (int i = 0; i < TOKENS.length; i++) {
        List<StepBatch.Slice> slices = new ArrayList<>();
        if (i < OTHERS.length) {
          slices.add(slice(base, OTHERS, i, 8));
        }
        slices.add(slice(delta, TOKENS, i, 0));
        List<float[]> logits = new ArrayList<>();
        pass.run(new StepBatch(slices), (_, _, row) -> logits.add(row.clone()));

        assertThat(logits.getLast()).isEqualTo(alone.get(i));
        if (i < OTHERS.length) {
          assertThat(logits.getFirst()).isEqualTo(beside.get(i));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_delta_gives_what_the_merged_checkpoint_gives(TinyFamilies family) throws Exception {
    Path base = family.write(directory.resolve("base"), 3);
    try (Backend backend = Backends.open(BackendChoice.SCALAR, 1);
        BaseModel model = BaseModel.load(base, backend);
        ForwardPass pass = ForwardPass.create(model, 8, PAGE_TOKENS)) {
      Map<String, DeltaTensor> differences = differences(model);
      Path merged = Files.createDirectories(directory.resolve("merged"));
      HandMadeDeltas.merge(base, differences, merged);
      try (ResidentDelta delta = ResidentDelta.of(differences, model);
          BaseModel dense = BaseModel.load(merged, backend);
          ForwardPass densePass = ForwardPass.create(dense, 8, PAGE_TOKENS)) {
        List<float[]> found = whole(pass, delta, TOKENS);
        List<float[]> wanted = whole(densePass, ResidentDelta.none(), TOKENS);
        for (int row = 0; row < TOKENS.length; row++) {
          assertThat(found.get(row)).containsExactly(wanted.get(row), within(1e-4f));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void missing_surplus_and_misshapen_tensors_are_refused_by_name(TinyFamilies family) {
    family.write(directory, 4);
    ModelConfig config = ModelConfig.read(directory);
    SequencedMap<String, TensorView> tensors = TinyFamilies.tensors(config, 4);
    String name =
        Families.network(config).stages().getLast().projections().getFirst().weight().name();
    try (Backend backend = Backends.open(BackendChoice.SCALAR, 1)) {
      TreeMap<String, TensorView> without = new TreeMap<>(tensors);
      without.remove(name);
      assertRefused(without, backend, ErrorCode.MISSING_TENSOR, name);
      TreeMap<String, TensorView> more = new TreeMap<>(tensors);
      more.put("model.secret.weight", TensorView.of(Shape.of(1), 1));
      assertRefused(more, backend, ErrorCode.MODEL_CONFIG, "model.secret.weight");
      TreeMap<String, TensorView> other = new TreeMap<>(tensors);
      other.put(name, TensorView.of(Shape.of(1, 2), 1, 2));
      assertRefused(other, backend, ErrorCode.TENSOR_SHAPE, name);
    }
  }

  private void assertRefused(
      SequencedMap<String, TensorView> tensors, Backend backend, ErrorCode code, String name) {
    SafetensorsWriter.write(directory.resolve("model.safetensors"), Map.of(), tensors);
    assertThatThrownBy(() -> BaseModel.load(directory, backend))
        .isInstanceOfSatisfying(TributaryException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining(name);
  }

  @Test
  void a_window_forgets_what_lies_before_it() {
    TinyFamilies.MISTRAL.write(directory, 5);
    int[] changed = TOKENS.clone();
    changed[0] = 20;
    try (Backend backend = Backends.open(BackendChoice.VECTOR, 1);
        BaseModel model = BaseModel.load(directory, backend);
        ForwardPass pass = ForwardPass.create(model, 8, PAGE_TOKENS)) {
      List<float[]> first = whole(pass, ResidentDelta.none(), TOKENS);
      List<float[]> second = whole(pass, ResidentDelta.none(), changed);

      // One layer that sees 5 positions.
      assertThat(second.get(4)).isNotEqualTo(first.get(4));
      assertThat(second.get(5)).isEqualTo(first.get(5));
    }
  }

  private static Map<String, DeltaTensor> differences(BaseModel model) {
    Map<String, DeltaTensor> tensors = HandMadeDeltas.mixed(model.tensors(), 7, 0);
    // A configuration cannot say that only some have biases.
    tensors.keySet().retainAll(model.tensors().names());
    return tensors;
  }

  private static List<float[]> whole(ForwardPass pass, ResidentDelta delta, int[] tokens) {
    List<float[]> logits = new ArrayList<>();
    int[] pages = IntStream.range(0, Math.ceilDiv(tokens.length, PAGE_TOKENS)).toArray();
    pass.run(
        new StepBatch(List.of(new StepBatch.Slice(delta, tokens, 0, pages, LogitRows.ALL))),
        (_, _, row) -> logits.add(row.clone()));
    return logits;
  }

  private static StepBatch.Slice slice(ResidentDelta delta, int[] tokens, int at, int firstPage) {
    int[] pages =
        IntStream.range(firstPage, firstPage + Math.ceilDiv(tokens.length, PAGE_TOKENS)).toArray();
    return new StepBatch.Slice(
        delta, Arrays.copyOfRange(tokens, at, at + 1), at, pages, LogitRows.LAST);
  }
}
