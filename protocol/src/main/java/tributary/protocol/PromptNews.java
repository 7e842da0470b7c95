package tributary.protocol;

import java.util.Arrays;
import java.util.List;

/** What a device tells of a prompt whose request asked. */
public sealed interface PromptNews {
  /**
   * How likely neighbouring tokens were; the parts of a prompt come in order, without gaps.
   *
   * @param first position of the first of them, at least 1
   */
  record Scores(int first, List<Score> tokens) implements PromptNews {
    /** So many travel in one message. */
    public static final int COUNT_MAX = 256;

    public Scores {
      tokens = List.copyOf(tokens);
    }

    /** The position behind the last of them. */
    public int end() {
      return first + tokens.size();
    }
  }

  /**
   * How likely one token was.
   *
   * @param rank how many tokens were at least as likely, itself among them
   * @param top the likeliest tokens at its place, best first
   */
  record Score(TokenLogprob token, int rank, List<TokenLogprob> top) {
    public Score {
      top = List.copyOf(top);
    }
  }

  /** The state of the last token [hidden]; not to be changed. */
  record State(float[] values) implements PromptNews {
    @Override
    public boolean equals(Object other) {
      return other instanceof State(float[] its) && Arrays.equals(values, its);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(values);
    }
  }
}
