#include "io/operator_file.hpp"

#include <gtest/gtest.h>

#include "octopole/kernels.hpp"
#include "scratch.hpp"

namespace octopole {
namespace {

using test::read_file;
using test::Scratch;
using test::write_file;

template <class Real>
class OperatorFileTest : public testing::Test {
 protected:
  static OperatorKey key_of(int order, M2lMethod m2l) {
    OperatorKey key;
    key.kernel = Laplace::name;
    key.order = key.check_order = key.downward_check_order = order;
    key.pinv_tolerance = 1e-6;
    key.precision = sizeof(Real) == 4 ? Precision::single_precision : Precision::double_precision;
    key.m2l = m2l;
    key.svd_tolerance = m2l == M2lMethod::svd ? 1e-3 : 0;
    return key;
  }
  static OperatorSet<Real> make(const OperatorKey& key) { return make_operators<Real>(Laplace{}, key); }

  static std::vector<std::vector<Real>> arrays_of(OperatorSet<Real>& set) {
    std::vector<std::vector<Real>> arrays;
    set.for_each_array([&]<class T>(const std::string&, AlignedVector<T>& array) {
      arrays.emplace_back(array.begin(), array.end());
    });
    return arrays;
  }

  /// Whether the file returns exactly `set`.
  bool gives(OperatorSet<Real>& set) {
    OperatorSet<Real> stored;
    reason_.clear();
    return store_.load(set.key(), stored, reason_) && stored.key() == set.key() &&
           arrays_of(stored) == arrays_of(set);
  }

  Scratch scratch_{"operators"};
  std::string path_ = scratch_.file("operators.h5");
  OperatorFile<Real> store_{path_};
  std::string reason_;
};

using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(OperatorFileTest, Reals);

TYPED_TEST(OperatorFileTest, GivesBackWhatItWasGiven) {
  for (const M2lMethod m2l : {M2lMethod::fft, M2lMethod::svd}) {
    OperatorSet<TypeParam> set = this->make(this->key_of(3, m2l));
    EXPECT_FALSE(this->gives(set));
    this->store_.save(set);
    EXPECT_TRUE(this->gives(set)) << this->reason_;
  }
  EXPECT_EQ(this->scratch_.files(), 2);  // the database and its lock
}

TYPED_TEST(OperatorFileTest, NothingYetNeedsNoReason) {
  OperatorSet<TypeParam> set = this->make(this->key_of(2, M2lMethod::fft));
  EXPECT_FALSE(this->gives(set));
  EXPECT_EQ(this->reason_, "");
  write_file(this->path_, "");
  EXPECT_FALSE(this->gives(set));
  EXPECT_EQ(this->reason_, "");
}

TYPED_TEST(OperatorFileTest, KeepsSeveralSets) {
  OperatorSet<TypeParam> small = this->make(this->key_of(2, M2lMethod::fft));
  OperatorSet<TypeParam> large = this->make(this->key_of(3, M2lMethod::fft));
  this->store_.save(small);
  this->store_.save(large);
  this->store_.save(small);
  EXPECT_TRUE(this->gives(small)) << this->reason_;
  EXPECT_TRUE(this->gives(large)) << this->reason_;
}

TYPED_TEST(OperatorFileTest, EveryPartOfTheKeyCounts) {
  OperatorSet<TypeParam> set = this->make(this->key_of(3, M2lMethod::svd));
  this->store_.save(set);
  const auto found = [&](const auto& change) {
    OperatorKey key = set.key();
    change(key);
    OperatorSet<TypeParam> stored;
    const bool result = this->store_.load(key, stored, this->reason_);
    EXPECT_NE(result, this->reason_.size() > 0);
    return result;
  };
  EXPECT_TRUE(found([](OperatorKey&) {}));
  EXPECT_FALSE(found([](OperatorKey& key) { key.kernel = "yukawa"; }));
  EXPECT_FALSE(found([](OperatorKey& key) { key.order = 4; }));
  EXPECT_FALSE(found([](OperatorKey& key) { key.check_order = 4; }));
  EXPECT_FALSE(found([](OperatorKey& key) { key.downward_check_order = 4; }));
  EXPECT_FALSE(found([](OperatorKey& key) { key.inner_radius += 1e-15; }));
  EXPECT_FALSE(found([](OperatorKey& key) { key.outer_radius += 1e-15; }));
  EXPECT_FALSE(found([](OperatorKey& key) { key.outer_grading += 1e-15; }));
  EXPECT_FALSE(found([](OperatorKey& key) { key.pinv_tolerance *= 2; }));
  EXPECT_FALSE(found([](OperatorKey& key) {
    key.precision = sizeof(TypeParam) == 4 ? Precision::double_precision : Precision::single_precision;
  }));
  EXPECT_FALSE(found([](OperatorKey& key) { key.m2l_precision = Precision::single_precision; }));
  EXPECT_FALSE(found([](OperatorKey& key) { key.m2l = M2lMethod::fft; }));
  EXPECT_FALSE(found([](OperatorKey& key) { key.svd_tolerance *= 2; }));
  EXPECT_FALSE(found([](OperatorKey& key) { key.svd_rank = 5; }));
}

TYPED_TEST(OperatorFileTest, KeepsTransformsInSinglePrecision) {
  OperatorKey key = this->key_of(4, M2lMethod::fft);
  key.m2l_precision = Precision::single_precision;
  OperatorSet<TypeParam> set = this->make(key);
  this->store_.save(set);
  EXPECT_TRUE(this->gives(set)) << this->reason_;
}

TYPED_TEST(OperatorFileTest, NoticesEveryFlippedByteOfTheNumbers) {
  OperatorSet<TypeParam> set = this->make(this->key_of(3, M2lMethod::fft));
  this->store_.save(set);
  const std::string intact = read_file(this->path_);
  // The file stores arrays as they are in memory.
  set.for_each_array([&]<class T>(const std::string& name, AlignedVector<T>& array) {
    const std::string bytes(reinterpret_cast<const char*>(array.data()), array.size() * sizeof(T));
    const std::size_t place = intact.find(bytes);
    ASSERT_NE(place, std::string::npos) << name;
    for (const std::size_t offset : {std::size_t{0}, bytes.size() / 2, bytes.size() - 1}) {
      std::string damaged = intact;
      damaged[place + offset] = static_cast<char>(damaged[place + offset] ^ 0x10);
      write_file(this->path_, damaged);
      EXPECT_FALSE(this->gives(set)) << name;
      EXPECT_NE(this->reason_.find("damaged"), std::string::npos) << this->reason_;
    }
  });
  this->store_.save(set);
  EXPECT_TRUE(this->gives(set)) << this->reason_;
}

TYPED_TEST(OperatorFileTest, NoticesTruncationAndStartsAnew) {
  OperatorSet<TypeParam> set = this->make(this->key_of(3, M2lMethod::fft));
  this->store_.save(set);
  const std::string intact = read_file(this->path_);
  for (const std::size_t length :
       {std::size_t{100}, std::size_t{700}, intact.size() / 2, intact.size() - 1}) {
    write_file(this->path_, intact.substr(0, length));
    EXPECT_FALSE(this->gives(set)) << length;
    EXPECT_NE(this->reason_.find("damaged"), std::string::npos) << this->reason_;
    this->store_.save(set);
    EXPECT_TRUE(this->gives(set)) << this->reason_;
  }
}

TYPED_TEST(OperatorFileTest, LeavesForeignFilesAlone) {
  OperatorSet<TypeParam> set = this->make(this->key_of(2, M2lMethod::fft));
  const std::string text = "the only copy of something else";
  write_file(this->path_, text);
  EXPECT_THROW(this->gives(set), Error);
  EXPECT_THROW(this->store_.save(set), Error);
  EXPECT_EQ(read_file(this->path_), text);
}

TYPED_TEST(OperatorFileTest, SaysWhereItCannotStore) {
  OperatorSet<TypeParam> set = this->make(this->key_of(2, M2lMethod::fft));
  OperatorFile<TypeParam> nowhere(this->scratch_.file("missing/operators.h5"));
  OperatorSet<TypeParam> stored;
  EXPECT_FALSE(nowhere.load(set.key(), stored, this->reason_));
  EXPECT_THROW(nowhere.save(set), Error);
}

}  // namespace
}  // namespace octopole
