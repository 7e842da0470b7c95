package tributary.actors;

import com.esotericsoftware.kryo.KryoException;
import java.util.List;
import tributary.actors.serialization.WireReader;
import tributary.actors.serialization.WireWriter;
import tributary.protocol.Haste;
import tributary.protocol.Nanos;
import tributary.protocol.PromptNews;
import tributary.protocol.PromptReading;
import tributary.protocol.Timing;

/** What is asked and told of prompts and of time, between nodes. */
final class WirePrompts {
  private static final int NOTHING = 0;
  private static final int SCORES = 1;
  private static final int STATE = 2;

  private WirePrompts() {}

  static void write(WireWriter out, PromptReading reading) {
    switch (reading) {
      case PromptReading.Nothing _ -> out.count(NOTHING);
      case PromptReading.Scores(int top) -> {
        out.count(SCORES);
        out.count(top);
      }
      case PromptReading.State _ -> out.count(STATE);
    }
  }

  static PromptReading reading(WireReader in) {
    int kind = in.count();
    return switch (kind) {
      case NOTHING -> PromptReading.nothing();
      case SCORES -> new PromptReading.Scores(in.count());
      case STATE -> new PromptReading.State();
      default -> throw unknown(kind);
    };
  }

  /** Urgencies of either sign are written in two counts. */
  static void write(WireWriter out, Haste haste) {
    out.count(Math.max(0, haste.urgency()));
    out.count(Math.max(0, -haste.urgency()));
    out.nullable(haste.within(), (to, within) -> to.int64(within.count()));
  }

  static Haste haste(WireReader in) {
    int above = in.count();
    int below = in.count();
    return new Haste(above - below, in.nullable(WirePrompts::nanos));
  }

  static void write(WireWriter out, PromptNews news) {
    switch (news) {
      case PromptNews.Scores(int first, List<PromptNews.Score> tokens) -> {
        out.count(SCORES);
        out.count(first);
        out.all(tokens, WirePrompts::write);
      }
      case PromptNews.State(float[] values) -> {
        out.count(STATE);
        out.count(values.length);
        for (float value : values) {
          out.float32(value);
        }
      }
    }
  }

  static PromptNews news(WireReader in) {
    int kind = in.count();
    return switch (kind) {
      case SCORES -> new PromptNews.Scores(in.count(), in.all(WirePrompts::score));
      case STATE -> state(in);
      default -> throw unknown(kind);
    };
  }

  private static PromptNews state(WireReader in) {
    float[] values = new float[in.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.float32();
    }
    return new PromptNews.State(values);
  }

  private static void write(WireWriter out, PromptNews.Score score) {
    WireProtocol.write(out, score.token());
    out.count(score.rank());
    out.all(score.top(), WireProtocol::write);
  }

  private static PromptNews.Score score(WireReader in) {
    return new PromptNews.Score(
        WireProtocol.logprob(in), in.count(), in.all(WireProtocol::logprob));
  }

  static void write(WireWriter out, Timing timing) {
    out.int64(timing.load().count());
    out.int64(timing.loadAge().count());
    out.int64(timing.queue().count());
    out.int64(timing.steps().count());
    out.count(timing.stepCount());
  }

  static Timing timing(WireReader in) {
    return new Timing(nanos(in), nanos(in), nanos(in), nanos(in), in.count());
  }

  private static Nanos nanos(WireReader in) {
    return new Nanos(in.int64());
  }

  private static KryoException unknown(int kind) {
    return new KryoException(
        "a message tells of a prompt in way %d, which is none".formatted(kind));
  }
}
