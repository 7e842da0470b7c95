package tributary.compression.inspect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.compression.CodecText;
import tributary.model.Golden;
import tributary.model.ModelConfig;
import tributary.model.bench.ModelShape;

class SizeForecastTest {
  private final ModelConfig small = ModelConfig.read(Golden.directory("llama"));

  @Test
  void published_models_have_the_weights_that_they_are_known_for() {
    var codec = CodecText.parse("bitdelta:planes=1,scales=scalar,embedding_bits=16");
    SizeForecast two = SizeForecast.of(ModelShape.LLAMA_2_7B.config(), codec, Map.of());
    assertThat(two.weights()).isEqualTo(6_738_415_616L);
    // Signs of 32 blocks, a scale a matrix, and embeddings, head and norms as they are.
    assertThat(two.residentBytes())
        .isEqualTo(6_476_005_376L / 8 + 224 * 2 + 2L * (2 * 32_000 + 65) * 4096);
    assertThat(two.fileBytes()).isBetween(two.residentBytes(), two.residentBytes() + 200_000);
    SizeForecast three = SizeForecast.of(ModelShape.LLAMA_3_1_8B.config(), codec, Map.of());
    assertThat(three.weights()).isEqualTo(8_030_261_248L);
  }

  @ParameterizedTest
  @CsvSource({
    "deltazip:bits=2, 2",
    "deltazip:bits=4, 3",
    "'deltazip:bits=4,keep=all', 4",
    "sign-planes:planes=2, 2",
    "vector-codes:rows=4, 2",
    "'spqr:bits=3,outliers=Infinity', 3.625",
    "any-precision:bits=3, 3"
  })
  void a_linear_weight_takes_its_bits_and_a_little(String codec, double bits) {
    SizeForecast found =
        SizeForecast.of(small, CodecText.parse(codec + ",embedding_bits=2"), Map.of());
    assertThat(found.residentBitsPerWeight()).isBetween(Math.min(2, bits), bits + 2.5);
    assertThat(found.fileBytes()).isGreaterThan(found.residentBytes());
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto:budget_bits=1", "lossless", "spqr:bits=3", "deltazip:zstd=true"})
  void sizes_that_depend_on_the_weights_are_refused(String codec) {
    assertThatThrownBy(() -> SizeForecast.of(small, CodecText.parse(codec), Map.of()))
        .hasMessageContaining("depend");
  }
}
