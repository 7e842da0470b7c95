package tributary.actors;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tributary.config.ServerConfig;
import tributary.model.ModelConfig;
import tributary.model.tokenizer.ChatTemplate;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** Reads what front ends must know of the configured variants; a directory is opened once. */
final class CatalogueReader {
  private final ServerConfig config;
  private final ModelConfig base;
  private final Map<Path, TextTokenizer> tokenizers = new HashMap<>();

  private CatalogueReader(ServerConfig config, ModelConfig base) {
    this.config = config;
    this.base = base;
  }

  static Catalogue read(ServerConfig config, ModelConfig base) {
    var reader = new CatalogueReader(config, base);
    try {
      return reader.read();
    } catch (RuntimeException | Error e) {
      reader.tokenizers.values().forEach(TextTokenizer::close);
      throw e;
    }
  }

  private Catalogue read() {
    List<ServedModel> models = new ArrayList<>();
    ServedModel plain = model(config.base().name(), Optional.empty(), Optional.empty());
    if (config.base().served()) {
      models.add(plain);
    }
    for (ServerConfig.Model model : config.models()) {
      models.add(model(model.name(), model.tokenizer(), model.chatTemplate()));
    }
    return new Catalogue(models, Optional.of(plain));
  }

  private ServedModel model(
      DeltaId id, Optional<Path> tokenizerDirectory, Optional<Path> chatTemplate) {
    Path tokenizerHome = tokenizerDirectory.orElse(config.base().path());
    TextTokenizer tokenizer = tokenizers.computeIfAbsent(tokenizerHome, TextTokenizer::open);
    Optional<ChatTemplate> template =
        chatTemplate
            .map(CatalogueReader::compile)
            .or(() -> ChatTemplate.ofCheckpoint(tokenizerHome))
            .or(() -> ChatTemplate.ofCheckpoint(config.base().path()));
    return new ServedModel(
        id,
        config.base().name(),
        base.contextLength(),
        // A variant that added tokens needs a tokenizer that knows them. The device checks ids
        // against the rows that the variant really has.
        Math.max(base.vocabularySize(), tokenizer.vocabularySize()),
        base.eosTokens(),
        tokenizer,
        template);
  }

  private static ChatTemplate compile(Path file) {
    try {
      return ChatTemplate.compile(Files.readString(file));
    } catch (IOException e) {
      throw new TributaryException(
          ErrorCode.FILE_UNREADABLE,
          "chat template %s cannot be read: %s".formatted(file, e.getMessage()),
          e);
    }
  }
}
