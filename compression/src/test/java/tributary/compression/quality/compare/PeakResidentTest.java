package tributary.compression.quality.compare;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PeakResidentTest {
  @Test
  void the_peak_is_read_from_the_status_of_the_process() {
    assertThat(PeakResident.of("Name:\tjava\nVmPeak:\t 99 kB\nVmHWM:\t   12 kB\nVmRSS:\t 7 kB\n"))
        .hasValue(12_288);
  }

  @Test
  void a_status_without_it_tells_nothing() {
    assertThat(PeakResident.of("Name:\tjava\nVmRSS:\t 7 kB\n")).isEmpty();
  }
}
