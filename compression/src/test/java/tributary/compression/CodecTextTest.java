package tributary.compression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.protocol.TributaryException;

class CodecTextTest {
  @Test
  void a_codec_is_a_name_with_settings() {
    assertThat(CodecText.parse("bitdelta")).isEqualTo(Codec.named("bitdelta", Map.of()));
    assertThat(CodecText.parse("bitdelta:planes=1,scales=scalar"))
        .isEqualTo(Codec.named("bitdelta", Map.of("planes", "1", "scales", "scalar")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"bitdelta:", "bitdelta:planes", "bitdelta:=1", "bitdelta:planes=1,planes=2"})
  void a_setting_is_a_key_with_a_value_once(String text) {
    assertThatThrownBy(() -> CodecText.parse(text))
        .isInstanceOf(TributaryException.class)
        .hasMessageContaining("NAME:KEY=VALUE");
  }
}
