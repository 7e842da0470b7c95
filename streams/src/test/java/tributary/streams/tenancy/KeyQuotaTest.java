package tributary.streams.tenancy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import tributary.config.ServerConfig.Security.Quota;
import tributary.protocol.ErrorCode;
import tributary.protocol.Nanos;
import tributary.protocol.TributaryException;

class KeyQuotaTest {
  private static final Instant NOON = Instant.parse("2026-03-01T12:00:15Z");

  @Test
  void requests_beyond_the_limit_wait_for_the_next_minute() {
    var quota = new KeyQuota(new Quota(2, 0, 0));
    quota.request(NOON);
    quota.request(NOON);
    assertThatThrownBy(() -> quota.request(NOON))
        .isInstanceOfSatisfying(
            TributaryException.class,
            refused -> {
              assertThat(refused.code()).isEqualTo(ErrorCode.RATE_LIMIT_EXCEEDED);
              assertThat(refused.retryAfter()).isEqualTo(Nanos.ofMillis(45_000));
            });
    quota.request(NOON.plusSeconds(45));
  }

  @Test
  void what_an_answer_did_not_need_can_be_used_again() {
    var quota = new KeyQuota(new Quota(0, 100, 0));
    var first = quota.reserve(80, NOON);
    refuses(quota, 30, ErrorCode.RATE_LIMIT_EXCEEDED, NOON);
    first.settle(10);
    first.settle(10);
    quota.reserve(90, NOON);
    refuses(quota, 1, ErrorCode.RATE_LIMIT_EXCEEDED, NOON);
  }

  @Test
  void what_is_settled_late_does_not_count_in_another_minute() {
    var quota = new KeyQuota(new Quota(0, 100, 0));
    var old = quota.reserve(100, NOON);
    var next = NOON.plusSeconds(60);
    quota.reserve(100, next);
    old.settle(0);
    refuses(quota, 1, ErrorCode.RATE_LIMIT_EXCEEDED, next);
  }

  @Test
  void a_days_quota_counts_what_was_used_before_the_start() {
    var quota = new KeyQuota(new Quota(0, 0, 1000));
    quota.usedToday(990, NOON);
    refuses(quota, 11, ErrorCode.QUOTA_EXCEEDED, NOON);
    quota.reserve(10, NOON);
    quota.reserve(1000, NOON.plusSeconds(24 * 3600));
    assertThat(KeyQuota.startOfDay(NOON)).isEqualTo(Instant.parse("2026-03-01T00:00:00Z"));
  }

  @Test
  void what_can_never_fit_is_not_to_be_tried_again() {
    var quota = new KeyQuota(new Quota(0, 100, 0));
    assertThatThrownBy(() -> quota.reserve(101, NOON))
        .isInstanceOfSatisfying(
            TributaryException.class, refused -> assertThat(refused.retryAfter()).isNull());
  }

  @Test
  void answers_that_run_at_once_never_have_more_than_the_limit_together() {
    var quota = new KeyQuota(new Quota(0, 1000, 0));
    var granted = new AtomicLong();
    var refused = new AtomicInteger();
    try (var threads = Executors.newFixedThreadPool(8)) {
      for (int i = 0; i < 400; i++) {
        threads.execute(() -> {
          try {
            var reservation = quota.reserve(10, NOON);
            reservation.settle(7);
            granted.addAndGet(7);
          } catch (TributaryException full) {
            refused.incrementAndGet();
          }
        });
      }
    }
    assertThat(granted.get()).isBetween(900L, 1000L);
    assertThat(refused.get()).isPositive();
  }

  private static void refuses(KeyQuota quota, long tokens, ErrorCode code, Instant now) {
    assertThatThrownBy(() -> quota.reserve(tokens, now))
        .isInstanceOfSatisfying(
            TributaryException.class,
            refused -> {
              assertThat(refused.code()).isEqualTo(code);
              assertThat(refused.retryAfter()).isNotNull();
            });
  }
}
