package tributary.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tributary.model.llama.LlamaStructure;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

class ModelConfigTest {
  private static final String TINY_LLAMA =
      """
      {"architectures": ["LlamaForCausalLM"], "attention_bias": false, "bos_token_id": 1,
       "eos_token_id": 2, "hidden_act": "silu", "hidden_size": 2048, "intermediate_size": 5632,
       "max_position_embeddings": 2048, "model_type": "llama", "num_attention_heads": 32,
       "num_hidden_layers": 22, "num_key_value_heads": 4, "rms_norm_eps": 1e-05,
       "rope_scaling": null, "rope_theta": 10000.0, "tie_word_embeddings": false,
       "torch_dtype": "bfloat16", "quantization_config": null, "vocab_size": 32000, "use_cache": true}\
      """;

  @TempDir Path directory;

  private ModelConfig read(String config) throws Exception {
    Files.writeString(directory.resolve("config.json"), config);
    return ModelConfig.read(directory);
  }

  /** The configuration with one key replaced or added. */
  private static String with(String key, String value) {
    String without =
        TINY_LLAMA.replaceAll("\"" + key + "\": (\\[[^]]*]|\\{[^}]*}|[^,}]+),?\\s*", "");
    return without.replaceFirst("\\{", "{\"" + key + "\": " + value + ", ");
  }

  @Test
  void a_checkpoint_of_transformers_4_is_read() throws Exception {
    ModelConfig config = read(TINY_LLAMA);

    assertThat(config.architecture()).isEqualTo("LlamaForCausalLM");
    assertThat(config.vocabularySize()).isEqualTo(32000);
    assertThat(config.hiddenSize()).isEqualTo(2048);
    assertThat(config.intermediateSize()).isEqualTo(5632);
    assertThat(config.layers()).isEqualTo(22);
    assertThat(config.heads()).isEqualTo(32);
    assertThat(config.kvHeads()).isEqualTo(4);
    assertThat(config.headSize()).isEqualTo(64);
    assertThat(config.contextLength()).isEqualTo(2048);
    assertThat(llama(config).epsilon()).isEqualTo(1e-5f);
    assertThat(config.tiedEmbeddings()).isFalse();
    assertThat(config.eosTokens()).containsExactly(2);
    assertThat(config.bosToken()).isEqualTo(1);
    assertThat(llama(config).rope().scale()).isEqualTo(1);
    assertThat(llama(config).rope().inverseFrequencies()).hasSize(32);
    assertThat(llama(config).rope().inverseFrequencies()[0]).isEqualTo(1);
    assertThat(llama(config).rope().inverseFrequencies()[16]).isCloseTo(0.01f, within(1e-8f));
  }

  @Test
  void checkpoints_of_transformers_5_are_read() {
    ModelConfig plain = ModelConfig.read(Golden.directory("llama"));
    assertThat(plain.headSize()).isEqualTo(16);
    assertThat(llama(plain).rope().inverseFrequencies()[4]).isCloseTo(0.01f, within(1e-8f));

    ModelConfig scaled = ModelConfig.read(Golden.directory("llama-tied-rope3"));
    assertThat(scaled.tiedEmbeddings()).isTrue();
    // Short wavelengths stay, long ones are divided by the factor.
    assertThat(llama(scaled).rope().inverseFrequencies()[0]).isEqualTo(1);
    assertThat(llama(scaled).rope().inverseFrequencies()[7])
        .isCloseTo((float) (Math.pow(500_000, -14.0 / 16) / 8), within(1e-12f));
  }

  @Test
  void llama_3_scaling_blends_between_its_two_wavelengths() throws Exception {
    String scaling =
        "{\"rope_type\": \"llama3\", \"factor\": 8.0, \"low_freq_factor\": 1.0,"
            + " \"high_freq_factor\": 4.0, \"original_max_position_embeddings\": 8192}";
    float[] found = llama(read(with("rope_scaling", scaling))).rope().inverseFrequencies();

    for (int i = 0; i < found.length; i++) {
      double frequency = Math.pow(10_000, -2.0 * i / 64);
      double wavelength = 2 * Math.PI / frequency;
      double smooth = (8192 / wavelength - 1) / 3;
      double wanted =
          wavelength < 8192.0 / 4
              ? frequency
              : wavelength > 8192
                  ? frequency / 8
                  : (1 - smooth) * frequency / 8 + smooth * frequency;
      assertThat(found[i]).isCloseTo((float) wanted, within((float) wanted * 1e-6f));
    }
  }

  @Test
  void old_and_new_spellings_of_linear_scaling_mean_the_same() throws Exception {
    float[] old =
        llama(read(with("rope_scaling", "{\"type\": \"linear\", \"factor\": 4.0}")))
            .rope()
            .inverseFrequencies();
    float[] young =
        llama(
                read(
                    with(
                        "rope_parameters",
                        "{\"rope_type\": \"linear\", \"factor\": 4.0, \"rope_theta\": 10000.0}")))
            .rope()
            .inverseFrequencies();
    float[] neutral =
        llama(read(with("rope_parameters", "{\"rope_type\": \"default\", \"rope_theta\": 500000}")))
            .rope()
            .inverseFrequencies();

    assertThat(old).isEqualTo(young);
    assertThat(old[0]).isEqualTo(0.25f);
    assertThat(neutral[16]).isCloseTo((float) Math.pow(500_000, -0.5), within(1e-9f));
  }

  @Test
  void end_tokens_are_one_or_many_and_the_generation_config_has_the_last_word() throws Exception {
    assertThat(read(with("eos_token_id", "[2, 7]")).eosTokens()).isEqualTo(Set.of(2, 7));
    assertThat(read(with("eos_token_id", "null")).eosTokens()).isEmpty();
    assertThat(read(with("bos_token_id", "null")).bosToken()).isEqualTo(ModelConfig.NO_TOKEN);

    Path generation = directory.resolve("generation_config.json");
    Files.writeString(generation, "{\"eos_token_id\": [3, 4]}");
    assertThat(read(TINY_LLAMA).eosTokens()).isEqualTo(Set.of(3, 4));
    Files.writeString(generation, "{\"eos_token_id\": null}");
    assertThat(read(TINY_LLAMA).eosTokens()).isEqualTo(Set.of(2));
  }

  @Test
  void sizes_have_defaults_where_llama_has_them() throws Exception {
    ModelConfig config =
        read(
            """
            {"architectures": ["LlamaForCausalLM"], "hidden_size": 64, "intermediate_size": 96,
             "num_attention_heads": 4, "num_hidden_layers": 1, "vocab_size": 100,
             "head_dim": 32}\
            """);
    assertThat(config.kvHeads()).isEqualTo(4);
    assertThat(config.headSize()).isEqualTo(32);
    assertThat(config.contextLength()).isEqualTo(2048);
    assertThat(llama(config).epsilon()).isEqualTo(1e-6f);
    assertThat(config.eosTokens()).isEmpty();
  }

  @ParameterizedTest(name = "{0} = {1}")
  @CsvSource(
      delimiter = '@',
      value = {
        "hidden_size@-5",
        "hidden_size@0",
        "hidden_size@99999999999999999999",
        "hidden_size@\"64\"",
        "hidden_size@2047",
        "hidden_size@null",
        "intermediate_size@1e30",
        "num_hidden_layers@100000",
        "num_hidden_layers@1.5",
        "num_attention_heads@0",
        "num_key_value_heads@3",
        "num_key_value_heads@64",
        "head_dim@63",
        "vocab_size@-1",
        "vocab_size@2147483648",
        "max_position_embeddings@0",
        "rms_norm_eps@-1",
        "rms_norm_eps@\"x\"",
        "tie_word_embeddings@1",
        "attention_bias@\"yes\"",
        "eos_token_id@-1",
        "eos_token_id@32000",
        "eos_token_id@[2, \"x\"]",
        "hidden_act@\"gelu_10\"",
        "hidden_act@5",
        "rope_theta@0",
        "rope_scaling@5",
        "rope_scaling@{\"rope_type\": \"dynamic\", \"factor\": 2}",
        "rope_scaling@{\"type\": \"linear\"}",
        "rope_scaling@{\"type\": \"linear\", \"factor\": 0}",
        "rope_parameters@{\"rope_type\": \"default\", \"partial_rotary_factor\": 1.5}",
        "rope_scaling@{\"type\": \"longrope\", \"short_factor\": [1, 2]}",
        "auto_map@{\"AutoModel\": \"evil.Code\"}",
        "rope_scaling@{\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 4, "
            + "\"high_freq_factor\": 4}",
        "quantization_config@{\"quant_method\": \"gptq\"}",
      })
  void nonsense_is_refused_by_the_name_of_its_key(String key, String value) {
    assertThatThrownBy(() -> read(with(key, value)))
        .isInstanceOfSatisfying(
            TributaryException.class,
            fault -> assertThat(fault.code()).isEqualTo(ErrorCode.MODEL_CONFIG))
        .hasMessageContaining("config.json")
        .hasMessageContaining(key);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '@',
      value = {"[\"GPT2LMHeadModel\"]", "[]", "null", "[\"LlamaForCausalLM\", \"X\"]"})
  void an_unknown_architecture_is_refused_with_what_is_supported(String architectures) {
    assertThatThrownBy(() -> read(with("architectures", architectures)))
        .isInstanceOfSatisfying(
            TributaryException.class,
            fault -> assertThat(fault.code()).isEqualTo(ErrorCode.UNKNOWN_ARCHITECTURE))
        .hasMessageContaining("this build computes FalconForCausalLM, GPTNeoXForCausalLM, ");
  }

  @Test
  void a_type_that_is_not_the_architectures_is_refused() {
    assertThatThrownBy(() -> read(with("model_type", "\"mamba\"")))
        .isInstanceOfSatisfying(
            TributaryException.class,
            fault -> assertThat(fault.code()).isEqualTo(ErrorCode.UNKNOWN_ARCHITECTURE))
        .hasMessageContaining("model_type is 'mamba'; LlamaForCausalLM is of type llama");
  }

  private static LlamaStructure llama(ModelConfig config) {
    return (LlamaStructure) config.structure();
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '@',
      value = {"[]", "{", "5", "{\"a\": 1, \"a\": 2}", "{} {}", "{\"a\": NaN}"})
  void what_is_not_a_json_object_is_refused(String content) {
    assertThatThrownBy(() -> read(content))
        .isInstanceOfSatisfying(
            TributaryException.class,
            fault -> assertThat(fault.code()).isEqualTo(ErrorCode.MODEL_CONFIG));
  }

  @Test
  void deep_and_huge_files_are_refused() {
    assertThatThrownBy(() -> read("{\"a\":".repeat(5000))).isInstanceOf(TributaryException.class);
    assertThatThrownBy(() -> read("{\"a\": \"" + "x".repeat(2 << 20) + "\"}"))
        .hasMessageContaining("larger than");
    assertThatThrownBy(() -> ModelConfig.read(directory.resolve("nowhere")))
        .hasMessageContaining("file_not_found");
  }
}
