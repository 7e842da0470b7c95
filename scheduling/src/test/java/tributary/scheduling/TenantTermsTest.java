package tributary.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static tributary.scheduling.LimitsBuilder.limits;
import static tributary.scheduling.RequestBuilder.request;

import org.junit.jupiter.api.Test;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.Nanos;
import tributary.protocol.Refusal;
import tributary.protocol.TokenEvent;
import tributary.protocol.TributaryException;

class TenantTermsTest {
  private final Steps steps = new Steps(limits().build(), new PolicyChoice.FirstCome());

  @Test
  void no_more_sequences_of_a_tenant_run_than_it_may_and_others_pass() {
    terms(new TenantTerms(1, 0, 1, 99, TenantTerms.UNLIMITED, TenantTerms.UNLIMITED));
    steps.arrive(request("a").maxTokens(2));
    steps.arrive(request("b").maxTokens(2));
    steps.arrive(request("c").model("other").maxTokens(2));
    assertThat(steps.step()).containsExactly("a", "c");
    assertThat(steps.step()).containsExactly("a", "c");
    assertThat(steps.step()).containsExactly("b");
  }

  @Test
  void a_tenants_queue_has_an_end() {
    terms(new TenantTerms(1, 0, 9, 1, TenantTerms.UNLIMITED, TenantTerms.UNLIMITED));
    steps.arrive(request("a"));
    assertThat(refusal("b").code()).isEqualTo(ErrorCode.QUEUE_FULL);
    steps.step();
    steps.arrive(request("c"));
  }

  @Test
  void a_rate_is_kept_over_time_and_says_when_to_come_again() {
    terms(new TenantTerms(1, 0, 9, 9, 100, 10));
    steps.arrive(request("a").prompt(30).maxTokens(1));
    steps.step();
    Refusal refusal = refusal("b");
    assertThat(refusal.code()).isEqualTo(ErrorCode.RATE_LIMIT_EXCEEDED);
    assertThat(refusal.retryAfter()).isEqualTo(Nanos.ofMillis(210));
    steps.now = steps.now.plus(Nanos.ofMillis(209));
    assertThat(refusal("b").code()).isEqualTo(ErrorCode.RATE_LIMIT_EXCEEDED);
    steps.now = steps.now.plus(Nanos.ofMillis(1));
    steps.arrive(request("b"));
  }

  @Test
  void a_deadline_ends_a_sequence_wherever_it_is() {
    var running = new Arrival(request("a").build(), 9, 0, 0, steps.now.plus(Steps.ticks(2)));
    var parked = new Arrival(request("b").build(), 0, 0, 0, steps.now.plus(Steps.ticks(2)));
    steps.arrive(running);
    steps.arrive(parked);
    steps.steps(2);
    assertThat(steps.scheduler.expire(steps.now)).isEmpty();
    steps.step();
    assertThat(steps.scheduler.expire(steps.now))
        .hasSize(2)
        .allSatisfy(event ->
            assertThat(((TokenEvent.Failed) event).refusal().code())
                .isEqualTo(ErrorCode.DEADLINE_EXCEEDED));
    assertThat(steps.scheduler.load().kvPagesUsed()).isZero();
  }

  @Test
  void a_weight_out_of_range_is_refused() {
    assertThatThrownBy(() -> TenantTerms.DEFAULT.withWeight(0))
        .isInstanceOf(TributaryException.class)
        .hasMessageContaining("weight is 0", "1000");
  }

  private void terms(TenantTerms terms) {
    steps.scheduler.terms(new DeltaId("tenant"), terms);
  }

  private Refusal refusal(String id) {
    return steps.scheduler.arrived(request(id).build(), 9, steps.now).orElseThrow();
  }
}
