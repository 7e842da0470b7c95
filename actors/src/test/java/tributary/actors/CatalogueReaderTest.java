package tributary.actors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.config.ServerConfig;
import tributary.model.Golden;
import tributary.model.ModelConfig;
import tributary.model.tokenizer.ChatTemplate;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

class CatalogueReaderTest {
  private static final ModelConfig BASE = ModelConfig.read(Golden.directory("llama"));

  @TempDir private Path directory;

  @Test
  void a_variant_has_the_bases_tokenizer_and_template_unless_it_brings_its_own() throws Exception {
    Path base = tokenizer("base");
    Files.writeString(base.resolve("chat_template.jinja"), "base says {{ messages[0].content }}");
    Path own = Files.writeString(directory.resolve("own.jinja"), "own {{ messages[0].content }}");
    Catalogue catalogue =
        read(
            base,
            variant("plain", Optional.empty(), Optional.empty()),
            variant("templated", Optional.empty(), Optional.of(own)),
            variant("tokenized", Optional.of(tokenizer("other")), Optional.empty()));

    assertThat(catalogue.all())
        .map(model -> model.id().name())
        .containsExactly("base", "plain", "templated", "tokenized");
    var plain = model(catalogue, "plain");
    assertThat(plain.base()).isEqualTo(new DeltaId("base"));
    assertThat(plain.contextLength()).isEqualTo(BASE.contextLength());
    assertThat(plain.vocabularySize()).isEqualTo(BASE.vocabularySize());
    assertThat(plain.eosTokens()).isEqualTo(BASE.eosTokens());
    assertThat(plain.tokenizer()).isSameAs(model(catalogue, "base").tokenizer());
    assertThat(says(plain)).isEqualTo("base says hi");
    assertThat(says(model(catalogue, "templated"))).isEqualTo("own hi");
    assertThat(model(catalogue, "tokenized").tokenizer()).isNotSameAs(plain.tokenizer());
    assertThat(says(model(catalogue, "tokenized"))).isEqualTo("base says hi");
    catalogue.close();
  }

  @Test
  void a_template_that_cannot_be_read_stops_the_start_and_is_named() throws Exception {
    Path missing = directory.resolve("missing.jinja");
    assertThatThrownBy(
            () -> read(tokenizer("base"), variant("x", Optional.empty(), Optional.of(missing))))
        .isInstanceOfSatisfying(
            TributaryException.class,
            refused -> assertThat(refused.code()).isEqualTo(ErrorCode.FILE_UNREADABLE))
        .hasMessageContaining("missing.jinja");
  }

  private Catalogue read(Path base, ServerConfig.Model... variants) {
    return CatalogueReader.read(Configs.serving().files(base, List.of(variants)).build(), BASE);
  }

  private static ServerConfig.Model variant(
      String name, Optional<Path> tokenizer, Optional<Path> template) {
    return new ServerConfig.Model(new DeltaId(name), Path.of(name + ".delta"), tokenizer, template);
  }

  private static ServedModel model(Catalogue catalogue, String name) {
    return catalogue.find(new DeltaId(name)).orElseThrow();
  }

  private static String says(ServedModel model) {
    return model
        .chatTemplate()
        .orElseThrow()
        .render(List.of(new ChatTemplate.Message("user", "hi")), true);
  }

  private Path tokenizer(String name) throws Exception {
    Path home = Files.createDirectories(directory.resolve(name));
    Files.writeString(
        home.resolve("tokenizer.json"),
        """
        {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
         "normalizer": null, "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null,
         "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true},
         "model": {"type": "WordLevel", "vocab": {"[UNK]": 0, "hi": 1}, "unk_token": "[UNK]"}}
        """);
    return home;
  }
}
