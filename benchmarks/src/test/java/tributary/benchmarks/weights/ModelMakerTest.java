package tributary.benchmarks.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelMakerTest {
  private static final ModelShape SMALL =
      new ModelShape(320, 64, 96, 2, 4, 2, 16, 128, 10_000, 1e-5f, false);

  @TempDir private Path directory;

  @Test
  void a_made_model_states_its_own_shape() throws IOException {
    assertThat(new ModelMaker().make(directory, SMALL, 7).shape()).isEqualTo(SMALL);
  }

  @Test
  void the_tokenizer_has_a_distinct_token_for_every_row_of_the_embedding() throws IOException {
    ModelDirectory model = new ModelMaker().make(directory, SMALL, 7);

    var vocabulary = model.tokenizer().path("model").path("vocab");

    assertThat(vocabulary.size()).isEqualTo(SMALL.vocabulary());
    assertThat(vocabulary.properties())
        .extracting(entry -> entry.getValue().asInt())
        .doesNotHaveDuplicates();
  }

  @Test
  void the_same_seed_makes_the_same_bytes_and_another_seed_others() throws IOException {
    Path first = weights("first", 7);
    Path again = weights("again", 7);
    Path other = weights("other", 8);

    assertThat(Files.mismatch(first, again)).isEqualTo(-1);
    assertThat(Files.mismatch(first, other)).isNotEqualTo(-1);
  }

  @Test
  void norms_are_ones_and_matrices_have_the_standard_deviation_of_an_initialised_model()
      throws IOException {
    ModelDirectory model = new ModelMaker().make(directory, SMALL, 7);
    try (SafetensorsFile weights = model.weights()) {
      for (Tensor tensor : Tensor.all(SMALL)) {
        double squares = 0;
        MemorySegment bytes = weights.bytes(tensor);
        for (long i = 0; i < tensor.weights(); i++) {
          float weight =
              Bfloat16.toFloat(bytes.getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i));
          squares += (double) weight * weight;
        }
        double rootMeanSquare = Math.sqrt(squares / tensor.weights());
        assertThat(rootMeanSquare)
            .as(tensor.name())
            .isCloseTo(tensor.vector() ? 1 : 0.02, within(0.001));
      }
    }
  }

  @Test
  void a_tensor_of_another_size_is_refused_with_both_sizes() throws IOException {
    ModelDirectory model = new ModelMaker().make(directory, SMALL, 7);
    try (SafetensorsFile weights = model.weights()) {
      assertThatThrownBy(() -> weights.bytes(Tensor.vector("model.norm.weight", 65)))
          .hasMessageContaining("model.norm.weight has 128 bytes, wanted 130");
    }
  }

  @Test
  void both_spellings_of_rope_in_a_configuration_are_read() throws IOException {
    var config = SMALL.toConfig().put("rope_theta", 500_000.0);
    config.remove("rope_parameters");
    assertThat(ModelShape.fromConfig(config).ropeTheta()).isEqualTo(500_000);
    config.putObject("rope_parameters").put("rope_theta", 20_000.0);
    assertThat(ModelShape.fromConfig(config).ropeTheta()).isEqualTo(20_000);
  }

  private Path weights(String name, long seed) throws IOException {
    Path made = directory.resolve(name);
    return new ModelMaker().make(made, SMALL, seed).path().resolve("model.safetensors");
  }
}
