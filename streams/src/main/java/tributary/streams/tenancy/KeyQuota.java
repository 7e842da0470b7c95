package tributary.streams.tenancy;

import java.time.Duration;
import java.time.Instant;
import tributary.config.ServerConfig.Security.Quota;
import tributary.protocol.ErrorCode;
import tributary.protocol.Nanos;
import tributary.protocol.TributaryException;

/**
 * What one key has left. An answer's largest need is set aside before it starts and corrected when
 * it ends, so that answers which run at once never use more than the limit together. Thread-safe.
 */
final class KeyQuota {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration DAY = Duration.ofDays(1);

  /** What was used in the current one of equal spans of time; 0 is no limit. */
  private static final class Window {
    final long spanMillis;
    final long limit;
    long number = Long.MIN_VALUE;
    long used;

    Window(Duration span, long limit) {
      this.spanMillis = span.toMillis();
      this.limit = limit;
    }

    void turn(long nowMillis) {
      long current = Math.floorDiv(nowMillis, spanMillis);
      if (current > number) {
        number = current;
        used = 0;
      }
    }

    boolean hasRoom(long amount) {
      return limit == 0 || amount <= limit - used;
    }

    Nanos untilNext(long nowMillis) {
      return Nanos.ofMillis((number + 1) * spanMillis - nowMillis);
    }
  }

  /** What was set aside for an answer. */
  final class Reservation {
    private final long tokens;
    private final long minute;
    private final long day;
    private boolean settled;

    private Reservation(long tokens) {
      this.tokens = tokens;
      this.minute = tokensPerMinute.number;
      this.day = tokensPerDay.number;
    }

    /** Gives back what was not needed, where its time has not passed. */
    void settle(long needed) {
      synchronized (KeyQuota.this) {
        if (!settled) {
          settled = true;
          correct(tokensPerMinute, minute, needed);
          correct(tokensPerDay, day, needed);
        }
      }
    }

    private void correct(Window window, long number, long needed) {
      if (window.number == number) {
        window.used += needed - tokens;
      }
    }
  }

  private final Window requestsPerMinute;
  private final Window tokensPerMinute;
  private final Window tokensPerDay;

  KeyQuota(Quota quota) {
    this.requestsPerMinute = new Window(MINUTE, quota.requestsPerMinute());
    this.tokensPerMinute = new Window(MINUTE, quota.tokensPerMinute());
    this.tokensPerDay = new Window(DAY, quota.tokensPerDay());
  }

  /** What was used today before this process started. */
  synchronized void usedToday(long tokens, Instant now) {
    tokensPerDay.turn(now.toEpochMilli());
    tokensPerDay.used += tokens;
  }

  static Instant startOfDay(Instant now) {
    return Instant.ofEpochMilli(Math.floorDiv(now.toEpochMilli(), DAY.toMillis()) * DAY.toMillis());
  }

  /** Counts a request; throws where there were too many. */
  synchronized void request(Instant now) {
    long millis = now.toEpochMilli();
    requestsPerMinute.turn(millis);
    if (!requestsPerMinute.hasRoom(1)) {
      throw new TributaryException(
          ErrorCode.RATE_LIMIT_EXCEEDED,
          "this key may send %d requests a minute; wait, or ask for a higher limit"
              .formatted(requestsPerMinute.limit),
          requestsPerMinute.untilNext(millis));
    }
    requestsPerMinute.used++;
  }

  /** Sets tokens aside; throws where there is no room for them. */
  synchronized Reservation reserve(long tokens, Instant now) {
    long millis = now.toEpochMilli();
    tokensPerMinute.turn(millis);
    tokensPerDay.turn(millis);
    requireRoom(tokensPerDay, tokens, millis, ErrorCode.QUOTA_EXCEEDED, "a day");
    requireRoom(tokensPerMinute, tokens, millis, ErrorCode.RATE_LIMIT_EXCEEDED, "a minute");
    tokensPerMinute.used += tokens;
    tokensPerDay.used += tokens;
    return new Reservation(tokens);
  }

  private static void requireRoom(
      Window window, long tokens, long millis, ErrorCode code, String span) {
    if (window.hasRoom(tokens)) {
      return;
    }
    String message =
        "the prompt and the longest answer have %d tokens; this key may use %d %s and has %d left"
            .formatted(tokens, window.limit, span, Math.max(0, window.limit - window.used));
    if (tokens > window.limit) {
      throw new TributaryException(code, message + ": set a smaller max_tokens");
    }
    throw new TributaryException(
        code, message + ": wait, or set a smaller max_tokens", window.untilNext(millis));
  }
}
