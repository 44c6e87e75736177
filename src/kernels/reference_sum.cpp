#include "kernels/reference_sum.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/threads.hpp"
#include "kernels/derivatives.hpp"
#include "kernels/pair_loop.hpp"
#include "kernels/reference_loop_isa.hpp"

namespace octopole {
namespace {

constexpr Index kTargetsAtOnce = 1024;  // limits the memory of the threads' sums
constexpr double kFixedExtent = 2147483646;
// Pairs closer than 2^18 of the frame's 2^31 units would have relative rounding errors of the distance above
// 2e-6.
constexpr float kLeastFixed = 0x1p36F;
constexpr int kFixedCharge = 60;  // exponent of the largest sampled charge

/// Calls look(first, end) on a sample of `count` points: pieces at equal intervals, or all if there are few.
template <class Look>
void look_at_pieces(std::size_t count, const Look& look) {
  constexpr std::size_t pieces = 64, size = 64;
  if (count <= pieces * size) return look(0, count);
  for (std::size_t piece = 0; piece < pieces; ++piece) {
    const std::size_t start = (count - size) * piece / (pieces - 1);
    look(start, start + size);
  }
}

/// Approximate bounding box: of all targets and a sample of the sources. Sources outside it may be summed in
/// double.
struct Extent {
  double low[3], high[3];

  Extent(std::span<const double> targets, std::span<const double> sources) {
    for (int c = 0; c < 3; ++c) {
      low[c] = targets[static_cast<std::size_t>(c)];
      high[c] = low[c];
    }
    include(targets, 0, targets.size() / 3);
    look_at_pieces(sources.size() / 3,
                   [&](std::size_t first, std::size_t end) { include(sources, first, end); });
  }
  double side() const { return std::max({high[0] - low[0], high[1] - low[1], high[2] - low[2]}); }

 private:
  void include(std::span<const double> points, std::size_t first, std::size_t end) {
    for (std::size_t i = 3 * first; i < 3 * end; ++i) {
      low[i % 3] = std::min(low[i % 3], points[i]);
      high[i % 3] = std::max(high[i % 3], points[i]);
    }
  }
};

/// The power of two 2^k with value / 2^k in [1, 2), clamped so that its reciprocal is representable.
double power_of_two(double value) {
  return value > 0 && std::isfinite(value) ? std::ldexp(1.0, std::clamp(std::ilogb(value), -1000, 1000)) : 1;
}

struct Frames {
  double length, inverse;  // unit of wide positions: a power of two, and its reciprocal
  FixedFrame fixed;
  double fixed_length;  // unit of fixed-point positions

  explicit Frames(const Extent& extent) {
    const double side = extent.side();
    length = power_of_two(side);
    inverse = 1 / length;
    const double margin = 0.5 * side * inverse, whole = side > 0 ? side * inverse + 2 * margin : 1;
    for (int c = 0; c < 3; ++c) fixed.corner[c] = extent.low[c] * inverse - margin;
    fixed.inverse = kFixedExtent / whole;
    fixed_length = whole / kFixedExtent * length;
  }
};

constexpr std::size_t kSumsOfTarget = kReferenceParts * kReferenceLanes;

/// Order of the derivative in a part of the results.
constexpr int order_of_result(int part) {
  return part < 2 ? 0 : part < 6 ? 1 : 2;
}

/// Converts sums from a frame's units to the caller's and adds them to `to`.
void convert(int homogeneity, double length, double unit, int order, const double* from, double* to) {
  double scale = std::pow(length, homogeneity) / unit;
  for (int part = 0; part < reference_parts(order); ++part) {
    if (part > 0 && order_of_result(part) > order_of_result(part - 1)) scale /= length;
    double sum = 0;
    for (int lane = 0; lane < kReferenceLanes; ++lane) sum += from[part * kReferenceLanes + lane];
    to[part] += scale * sum;
  }
}

/// The largest magnitude in a sample of `values`.
double largest_sampled(std::span<const double> values) {
  double largest = 0;
  look_at_pieces(values.size(), [&](std::size_t first, std::size_t end) {
    for (std::size_t i = first; i < end; ++i) largest = std::max(largest, std::abs(values[i]));
  });
  return largest;
}

/// Strengths, and a power of two that scales the largest sampled charge, or dipole over the unit of
/// fixed-point positions, to about 2^kFixedCharge.
struct Scaled {
  const Strengths& strengths;
  double unit;

  Scaled(const Strengths& given, double length)
      : strengths(given),
        unit(unit_of(std::max(largest_sampled(given.charges), largest_sampled(given.dipoles) / length))) {}

 private:
  static double unit_of(double largest) {
    return largest > 0 && std::isfinite(largest)
               ? std::ldexp(1.0, kFixedCharge - std::clamp(std::ilogb(largest), -900, 900))
               : 1;
  }
};

/// Prefetches parts first to end of `all` equal parts of the points.
void fetch(const ReferencePoints& points, std::size_t first, std::size_t end, std::size_t all) {
  const auto part = [&](const double* from, Index count) {
    const auto size = static_cast<std::size_t>(from ? count : 0);
    for (std::size_t i = size * first / all / 8 * 8; i < size * end / all; i += 8)
      __builtin_prefetch(from + i);
  };
  part(points.positions, 3 * points.count);
  part(points.charges, points.count);
  part(points.dipoles, 3 * points.count);
}

/// One thread's sums at some targets, over the blocks of sources that it adds.
class ThreadSums {
 public:
  ThreadSums(const AnyKernel& kernel, std::span<const double> targets, const Frames& frames, int order,
             const Scaled& scaled)
      : loops_(kernel.reference_loops()),
        homogeneity_(kernel.homogeneity()),
        wide_kernel_(kernel.in_units_of(frames.length)),
        fixed_kernel_(kernel.in_units_of(frames.fixed_length)),
        frames_(frames),
        order_(order),
        dipoles_(!scaled.strengths.dipoles.empty()),
        fixed_unit_(scaled.unit),
        count_(targets.size() / 3),
        wide_(3 * count_),
        fixed_((count_ + kFixedTargets - 1) / kFixedTargets),
        inside_(count_),
        wide_sums_(kSumsOfTarget * count_),
        fixed_sums_(kSumsOfTarget * (count_ + kFixedTargets)) {
    for (std::size_t i = 0; i < count_; ++i) {
      const ReferencePoints target{&targets[3 * i], nullptr, nullptr, 1};
      loops_.take_wide(target, frames.inverse, wide_block_);
      for (const auto take : loops_.take_fixed)
        inside_[i] = take(target, frames.inverse, frames.fixed, 1, 1, fixed_block_);
      wide_[3 * i] = wide_block_.x[0];
      wide_[3 * i + 1] = wide_block_.y[0];
      wide_[3 * i + 2] = wide_block_.z[0];
      FixedTargets& group = fixed_[i / kFixedTargets];
      const std::size_t place = i % kFixedTargets;
      group.x[place] = fixed_block_.x[0];
      group.y[place] = fixed_block_.y[0];
      group.z[place] = fixed_block_.z[0];
      group.float_x[place] = fixed_block_.float_x[0];
      group.float_y[place] = fixed_block_.float_y[0];
      group.float_z[place] = fixed_block_.float_z[0];
    }
  }

  /// Adds the sums over one block of sources, and prefetches the next block at the same time.
  void add(const ReferencePoints& points, ReferenceForm form, const ReferencePoints& next) {
    bool has_wide = false;
    const bool estimated = form == ReferenceForm::estimated;
    const bool one_step = form == ReferenceForm::one_step;
    const auto sum_fixed = loops_.sum_fixed[estimated][dipoles_][order_];
    const auto sum_wide = loops_.sum_wide[one_step][dipoles_][order_];
    const bool fixed = form != ReferenceForm::in_double && !one_step && sum_fixed &&
                       loops_.take_fixed[estimated](points, frames_.inverse, frames_.fixed, fixed_unit_,
                                                    fixed_unit_ / frames_.fixed_length, fixed_block_);
    for (std::size_t first = 0; first < count_; first += kFixedTargets) {
      fetch(next, first, std::min<std::size_t>(first + kFixedTargets, count_), count_);
      const std::size_t end = std::min<std::size_t>(first + kFixedTargets, count_);
      unsigned left = ~0U;
      if (fixed && std::all_of(&inside_[first], &inside_[end - 1] + 1, [](char inside) { return inside; }))
        left = sum_fixed(fixed_kernel_.state(), fixed_[first / kFixedTargets], fixed_block_, kLeastFixed,
                         &fixed_sums_[kSumsOfTarget * first]);
      for (std::size_t i = first; i < end; ++i)
        if (left >> (i - first) & 1) {
          if (!has_wide) loops_.take_wide(points, frames_.inverse, wide_block_);
          has_wide = true;
          sum_wide(wide_kernel_.state(), &wide_[3 * i], wide_block_, &wide_sums_[kSumsOfTarget * i]);
        }
    }
  }

  /// Adds the sums to `sums` (targets, kReferenceParts), in the caller's units.
  void add_to(std::span<double> sums) const {
    for (std::size_t i = 0; i < count_; ++i) {
      convert(homogeneity_, frames_.length, 1, order_, &wide_sums_[kSumsOfTarget * i],
              &sums[kReferenceParts * i]);
      convert(homogeneity_, frames_.fixed_length, fixed_unit_, order_, &fixed_sums_[kSumsOfTarget * i],
              &sums[kReferenceParts * i]);
    }
  }

 private:
  const ReferenceLoops& loops_;
  int homogeneity_;
  AnyKernel wide_kernel_, fixed_kernel_;
  const Frames& frames_;
  int order_;
  bool dipoles_;
  double fixed_unit_;
  std::size_t count_;
  std::vector<double> wide_;
  std::vector<FixedTargets> fixed_;
  std::vector<char> inside_;
  std::vector<double> wide_sums_, fixed_sums_;
  WideBlock wide_block_;
  FixedBlock fixed_block_;
};

/// Adds to `sums` (results, k) those of a vector kernel at targets (3, k), due to some sources.
class VectorBlock {
 public:
  VectorBlock(const ResultLayout& layout, std::size_t targets)
      : layout_(layout), sums_(static_cast<std::size_t>(layout.count()) * targets) {}

  void add(const AnyKernel& kernel, std::span<const double> targets, std::span<const double> sources,
           std::span<const double> strengths, double inverse_length) {
    const std::size_t n = sources.size() / 3, k = targets.size() / 3;
    columns_.resize(6 * n);
    for (std::size_t c = 0; c < 3; ++c)
      for (std::size_t i = 0; i < n; ++i) {
        columns_[c * n + i] = sources[3 * i + c] * inverse_length;
        columns_[(3 + c) * n + i] = strengths[3 * i + c];
      }
    const auto column = [&](std::size_t c) { return columns_.data() + c * n; };
    std::array<double*, kMaxResults> parts{};
    for (std::size_t r = 0; r < static_cast<std::size_t>(layout_.count()); ++r)
      parts[r] = sums_.data() + r * k;
    pair_sums(kernel,
              TargetArrays<double>{targets.data(), targets.data() + k, targets.data() + 2 * k,
                                   static_cast<Index>(k)},
              SourceArrays<double>{column(0), column(1), column(2), column(3), static_cast<Index>(n),
                                   static_cast<Index>(n)},
              layout_, parts.data());
  }
  const std::vector<double>& sums() const { return sums_; }

 private:
  ResultLayout layout_;
  std::vector<double> columns_, sums_;
};

/// The largest lengths of a result and of its gradient (Frobenius norm), at distance 1 of a strength of
/// length 1, in units of the constant.
struct Stretches {
  double value, gradient;
};
Stretches stretches_of(const HarmonicColumns& columns) {
  // a f / r + b d (d . f) / r^3, largest along f; and c f x d / r^3, largest across it.
  const double a = std::abs(columns.a), b = std::abs(columns.b), c = std::abs(columns.c);
  return {a + b + c, std::sqrt((a + b) * (a + b) + 2 * b * b) + std::sqrt(5.0) * c};
}

/// At most kTargetsAtOnce targets.
ReferenceSums some_vector_sums(const AnyKernel& kernel, std::span<const double> targets,
                               std::span<const double> sources, std::span<const double> strengths,
                               const ResultLayout& layout, ReferenceForm form) {
  const std::size_t n = sources.size() / 3, k = targets.size() / 3;
  const bool gradient = layout.order >= 1;
  ReferenceSums result;
  result.potential.resize(3 * k);
  result.scale.resize(k);
  result.gradient.resize(gradient ? 9 * k : 0);
  result.gradient_scale.resize(gradient ? k : 0);
  result.pressure.resize(layout.pressure ? k : 0);
  result.pressure_scale.resize(layout.pressure ? k : 0);
  if (k == 0 || n == 0) return result;
  std::vector<double> lengths(n);
  for (std::size_t i = 0; i < n; ++i)
    lengths[i] = std::hypot(strengths[3 * i], strengths[3 * i + 1], strengths[3 * i + 2]);
  const HarmonicColumns columns = kernel.columns();
  // Sums of 1 / r, 1 / r^2 and 2 / r^3: a kernel that is a curl falls as these derivatives do.
  const int derivative = (columns.c != 0 ? 1 : 0), highest = derivative + (layout.count() > 3 ? 1 : 0);
  constexpr std::array kOutputs = {Output::potential, Output::potential_and_gradient,
                                   Output::potential_gradient_and_hessian};
  const ReferenceSums sizes = reference_sums(Laplace{}, targets, sources, {lengths, {}},
                                             kOutputs[static_cast<std::size_t>(highest)], form);
  const Stretches stretches = stretches_of(columns);
  const double constant = kernel.constant() / Laplace::constant;
  const auto fill = [&](std::vector<double>& scale, double stretch, int order) {
    const std::vector<double>& size = order == 0   ? sizes.scale
                                      : order == 1 ? sizes.gradient_scale
                                                   : sizes.hessian_scale;
    for (std::size_t i = 0; i < scale.size(); ++i)
      scale[i] = stretch * constant * (order == 2 ? 0.5 : 1) * size[i];
  };
  fill(result.scale, stretches.value, derivative);
  fill(result.gradient_scale, stretches.gradient, derivative + 1);
  fill(result.pressure_scale, std::abs(columns.b) * kernel.pressure_factor(), derivative + 1);

  const double length = Frames(Extent(targets, sources)).length, inverse = 1 / length;
  std::vector<double> places(3 * k);
  for (std::size_t i = 0; i < 3 * k; ++i) places[i % 3 * k + i / 3] = targets[i] * inverse;
  constexpr std::size_t kSources = 1024;
  std::vector<VectorBlock> threads(static_cast<std::size_t>(max_threads()), VectorBlock(layout, k));
  ThreadErrors errors;
#pragma omp parallel for schedule(static)
  for (std::size_t first = 0; first < n; first += kSources)
    errors.keep([&] {
      const std::size_t count = 3 * std::min(kSources, n - first);
      threads[static_cast<std::size_t>(thread_number())].add(
          kernel, places, sources.subspan(3 * first, count), strengths.subspan(3 * first, count), inverse);
    });
  errors.rethrow();
  const double unit = kernel.constant() * std::pow(length, kernel.homogeneity());
  const auto add = [&](std::vector<double>& to, int first, double factor) {
    const std::size_t width = to.size() / k;
    for (const VectorBlock& thread : threads)
      for (std::size_t i = 0; i < to.size(); ++i)
        to[i] += factor * thread.sums()[(static_cast<std::size_t>(first) + i % width) * k + i / width];
  };
  add(result.potential, 0, unit);
  add(result.gradient, layout.first_of_gradient(), unit * inverse);
  add(result.pressure, layout.first_of_pressure(), unit * inverse * kernel.pressure_factor());
  return result;
}

ReferenceSums vector_reference_sums(const AnyKernel& kernel, std::span<const double> targets,
                                    std::span<const double> sources, const Strengths& strengths,
                                    Output output, ReferenceForm form) {
  if (targets.size() % 3 != 0 || sources.size() % 3 != 0 || strengths.charges.size() != sources.size() ||
      !strengths.dipoles.empty() || order_of(output) > 1)
    throw Error(
        "reference sums: coordinates or strengths are not three per point, or a vector kernel has no "
        "such sources or results");
  ReferenceSums all;
  for (std::size_t first = 0; first < targets.size(); first += 3 * kTargetsAtOnce) {
    const ReferenceSums some = some_vector_sums(
        kernel, targets.subspan(first, std::min<std::size_t>(3 * kTargetsAtOnce, targets.size() - first)),
        sources, strengths.charges, layout_of(kernel, output), form);
    for (const auto& [to, from] :
         {std::pair(&all.potential, &some.potential), std::pair(&all.scale, &some.scale),
          std::pair(&all.gradient, &some.gradient), std::pair(&all.gradient_scale, &some.gradient_scale),
          std::pair(&all.pressure, &some.pressure), std::pair(&all.pressure_scale, &some.pressure_scale)})
      to->insert(to->end(), from->begin(), from->end());
  }
  return all;
}

}  // namespace

ReferenceSums reference_sums(const AnyKernel& kernel, std::span<const double> targets,
                             std::span<const double> sources, const Strengths& strengths, Output output,
                             ReferenceForm form) {
  if (kernel.components() > 1)
    return vector_reference_sums(kernel, targets, sources, strengths, output, form);
  const std::size_t points = sources.size() / 3;
  const auto has = [points](std::span<const double> values, std::size_t width) {
    return values.empty() || values.size() == width * points;
  };
  if (targets.size() % 3 != 0 || sources.size() % 3 != 0 || !has(strengths.charges, 1) ||
      !has(strengths.dipoles, 3))
    throw Error(
        "reference sums: coordinates are not three per point, or strengths not those of every source");
  const std::size_t k = targets.size() / 3;
  const int order = order_of(output);
  ReferenceSums result;
  result.potential.resize(k);
  result.scale.resize(k);
  result.gradient.resize(order >= 1 ? 3 * k : 0);
  result.gradient_scale.resize(order >= 1 ? k : 0);
  result.hessian.resize(order >= 2 ? 6 * k : 0);
  result.hessian_scale.resize(order >= 2 ? k : 0);
  if (k == 0 || points == 0) return result;
  const Frames frames{Extent(targets, sources)};
  const Scaled scaled(strengths, frames.fixed_length);

  const Index n = static_cast<Index>(points), blocks = (n + kReferenceBlock - 1) / kReferenceBlock;
  for (std::size_t first = 0; first < k; first += kTargetsAtOnce) {
    const std::span<const double> some =
        targets.subspan(3 * first, 3 * std::min<std::size_t>(kTargetsAtOnce, k - first));
    std::vector<double> sums(kReferenceParts * some.size() / 3);
    std::vector<std::unique_ptr<ThreadSums>> by_thread;
    by_thread.reserve(static_cast<std::size_t>(max_threads()));
    for (int thread = 0; thread < max_threads(); ++thread)
      by_thread.push_back(std::make_unique<ThreadSums>(kernel, some, frames, order, scaled));
    const auto block = [&](Index number) {
      const Index start = std::min(number * kReferenceBlock, n);
      const auto from = [start](std::span<const double> values, Index width) {
        return values.empty() ? nullptr : values.data() + width * start;
      };
      return ReferencePoints{from(sources, 3), from(strengths.charges, 1), from(strengths.dipoles, 3),
                             std::min(kReferenceBlock, n - start)};
    };
#pragma omp parallel for schedule(static)
    for (Index b = 0; b < blocks; ++b)
      by_thread[static_cast<std::size_t>(thread_number())]->add(block(b), form, block(b + 1));
    for (const auto& thread_sums : by_thread) thread_sums->add_to(sums);
    for (std::size_t i = 0; i < some.size() / 3; ++i) {
      const double* s = &sums[kReferenceParts * i];
      const std::size_t j = first + i;
      const auto copy = [s, constant = kernel.constant()](std::size_t part, std::size_t count, double* to) {
        for (std::size_t c = 0; c < count; ++c) to[c] = constant * s[part + c];
      };
      copy(0, 1, &result.potential[j]);
      copy(1, 1, &result.scale[j]);
      if (order >= 1) {
        copy(2, 3, &result.gradient[3 * j]);
        copy(5, 1, &result.gradient_scale[j]);
      }
      if (order >= 2) {
        copy(6, 6, &result.hessian[6 * j]);
        copy(12, 1, &result.hessian_scale[j]);
      }
    }
  }
  return result;
}

}  // namespace octopole
