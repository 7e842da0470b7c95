// What device tests hold results against.
#pragma once
#include "device.cuh"

static int failures = 0;

static void expect(bool holds, const std::string& what) {
  if (!holds && failures++ < 40) printf("FAILED  %s\n", what.c_str());
}

// How far results are from their definition, as a share of the largest value they could have had.
struct Distance {
  double worst = 0;
  bool numbers = true;
  void add(float found, double wanted, double largest) {
    if (std::isinf(wanted) || std::isinf(found)) {
      numbers &= (double) found == wanted;
      return;
    }
    numbers &= !std::isnan(found);
    worst = std::max(worst, std::abs(found - wanted) / std::max(largest, 1e-30));
  }
  void check(double most, const std::string& what) {
    printf("%-72s %.2e\n", what.c_str(), worst);
    expect(numbers && worst <= most, what);
  }
};
