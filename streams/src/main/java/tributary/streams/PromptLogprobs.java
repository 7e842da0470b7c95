package tributary.streams;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.PromptNews;
import tributary.protocol.TokenLogprob;
import tributary.protocol.openai.PromptLogprob;

/** Writes what was told of a prompt as vLLM does: place by place, by token id. */
final class PromptLogprobs {
  private PromptLogprobs() {}

  /** Null where nobody asked. */
  static @Nullable List<@Nullable Map<String, PromptLogprob>> of(
      AnswerShape.WholePrompt prompt, AcceptedRequest request) {
    List<PromptNews.Score> scores = prompt.scores();
    if (scores == null) {
      return null;
    }
    TextTokenizer tokenizer = request.model().tokenizer();
    var places = new ArrayList<@Nullable Map<String, PromptLogprob>>(scores.size() + 1);
    places.add(null);
    scores.forEach(score -> places.add(place(score, tokenizer)));
    return places;
  }

  /** The token that is there first, then the likeliest. */
  private static Map<String, PromptLogprob> place(PromptNews.Score score, TextTokenizer tokenizer) {
    var place = new LinkedHashMap<String, PromptLogprob>();
    put(place, score.token(), score.rank(), tokenizer);
    for (int i = 0; i < score.top().size(); i++) {
      put(place, score.top().get(i), i + 1, tokenizer);
    }
    return place;
  }

  private static void put(
      Map<String, PromptLogprob> place, TokenLogprob token, int rank, TextTokenizer tokenizer) {
    float logprob = Math.max(TokenScore.LOGPROB_MIN, token.logprob());
    place.putIfAbsent(
        Integer.toString(token.token()),
        new PromptLogprob(logprob, rank, tokenizer.tokenText(token.token())));
  }
}
