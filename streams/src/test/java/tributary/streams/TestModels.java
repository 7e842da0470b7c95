package tributary.streams;

import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import tributary.actors.ServedModel;
import tributary.model.tokenizer.ChatTemplate;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.DeltaId;

/** Three models over a vocabulary in which token n below 256 is the byte n. */
final class TestModels {
  /** The one token that is not a byte; ends a sequence. */
  static final int EOS = 256;

  static final int VOCABULARY = 257;
  static final int CONTEXT = 128;
  static final int LONG_CONTEXT = 1 << 24;

  static final DeltaId BASE = new DeltaId("base");
  static final DeltaId TENANT = new DeltaId("tenant-a");
  static final DeltaId LONG = new DeltaId("long");

  private static final String TEMPLATE =
      "{% for message in messages %}{{ message.role }}: {{ message.content }}\n"
          + "{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}";

  static final TextTokenizer TOKENIZER = TextTokenizer.open(directory());

  private TestModels() {}

  static List<ServedModel> all() {
    return List.of(
        model(BASE, CONTEXT, Optional.empty()),
        model(TENANT, CONTEXT, Optional.of(ChatTemplate.compile(TEMPLATE))),
        model(LONG, LONG_CONTEXT, Optional.of(ChatTemplate.compile(TEMPLATE))));
  }

  static ServedModel model(DeltaId id, int context, Optional<ChatTemplate> template) {
    return new ServedModel(id, BASE, context, VOCABULARY, Set.of(EOS), TOKENIZER, template);
  }

  private static Path directory() {
    URL url = Objects.requireNonNull(TestModels.class.getResource("/tokenizer/tokenizer.json"));
    try {
      return Objects.requireNonNull(Path.of(url.toURI()).getParent());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
