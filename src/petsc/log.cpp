#include "petsc/log.hpp"

#include <string>

#include "fmm/set_points.hpp"
#include "petsc/handles.hpp"
#include "petsc/near_preconditioner.hpp"

namespace octopole::petsc {
namespace {

// Valid, like PETSc's registries, from PetscInitialize to PetscFinalize.
std::optional<LogEvents> events;

PetscErrorCode forget() {
  events.reset();
  return static_cast<PetscErrorCode>(0);
}

PetscLogEvent new_event(const std::string& name, PetscClassId id) {
  PetscLogEvent event = 0;
  check(PetscLogEventRegister(("Oct:" + name).c_str(), id, &event), "PetscLogEventRegister");
  return event;
}

// -log_view shows up to 16 characters.
constexpr std::array kOperatorNames = {"P2M", "M2M", "M2L", "L2L", "L2P", "M2P", "P2L", "P2P"};
constexpr std::array kTravelNames = {"xCharges",  "xGhostQ",    "xAncestors", "xCoarse", "xMultipoles",
                                     "xNearSums", "xPotential", "xGradient",  "xHessian"};
constexpr std::array kStageNames = {"sTuning", "sSort",    "sDistribute", "sTree",
                                    "sLists",  "sBalance", "sGhosts",     "sPlan"};
static_assert(kOperatorNames.size() + 1 == kPhases && kTravelNames.size() == kExchanges &&
              kStageNames.size() == kSetupStages);

LogEvents register_events() {
  PetscClassId id = 0;
  check(PetscClassIdRegister("Octopole", &id), "PetscClassIdRegister");
  LogEvents e{};
  check(PetscLogStageRegister("Octopole set-up", &e.setup_stage), "PetscLogStageRegister");
  e.set_points = new_event("SetPoints", id);
  e.operators = new_event("Operators", id);
  e.near_setup = new_event("NearSetUp", id);
  e.near_apply = new_event("NearApply", id);
  e.correct = new_event("Correct", id);
  for (std::size_t i = 0; i < kOperatorNames.size(); ++i) e.phases[i] = new_event(kOperatorNames[i], id);
  for (std::size_t i = 0; i < kExchanges; ++i) e.exchanges[i] = new_event(kTravelNames[i], id);
  for (std::size_t i = 0; i < kSetupStages; ++i) e.stages[i] = new_event(kStageNames[i], id);
  return e;
}

void begin(PetscLogEvent event) {
  (void)PetscLogEventBegin(event, 0, 0, 0, 0);
}
void end(PetscLogEvent event) {
  (void)PetscLogEventEnd(event, 0, 0, 0, 0);
}

template <class E>
constexpr std::size_t place(E e) {
  return static_cast<std::size_t>(e);
}

}  // namespace

void initialize() {
  if (events) return;
  PetscBool running = PETSC_FALSE;
  check(PetscInitialized(&running), "PetscInitialized");
  if (!running) throw Error("PETSc is not initialised", "call PetscInitialize first");
  events = register_events();
  register_near();
  check(PetscRegisterFinalize(forget), "PetscRegisterFinalize");
}

const LogEvents& log_events() {
  if (!events) throw Error("octopole is not registered with PETSc", "call octopole::petsc::initialize");
  return *events;
}

EventScope::EventScope(PetscLogEvent event) : event_(event) {
  begin(event_);
}
EventScope::~EventScope() {
  end(event_);
}

SetupStageScope::SetupStageScope() {
  check(PetscLogStagePush(log_events().setup_stage), "PetscLogStagePush");
}
SetupStageScope::~SetupStageScope() {
  (void)PetscLogStagePop();
}

void log_traffic(const Traffic& traffic) {
#if defined(PETSC_USE_LOG)
  petsc_isend_ct += static_cast<PetscLogDouble>(traffic.messages_sent);
  petsc_isend_len += static_cast<PetscLogDouble>(traffic.bytes_sent);
  petsc_irecv_ct += static_cast<PetscLogDouble>(traffic.messages_received);
  petsc_irecv_len += static_cast<PetscLogDouble>(traffic.bytes_received);
#else
  (void)traffic;
#endif
}

void log_flops(double flops) {
  (void)PetscLogFlops(flops);
}

// Before PetscInitialize and after PetscFinalize the observer does nothing.
void LogObserver::preparing(SetupStage stage) {
  if (events) begin(events->stages[place(stage)]);
}
void LogObserver::prepared(SetupStage stage, Index) {
  if (events) end(events->stages[place(stage)]);
}
void LogObserver::set_up(const PointSetup& setup) {
  for (const Traffic& traffic : setup.traffic) log_traffic(traffic);
}
void LogObserver::evaluating(Phase phase) {
  if (events) begin(events->phases[place(phase)]);
}
void LogObserver::evaluated(const PointSetup&, Phase phase, std::size_t) {
  if (!events) return;
  if (!counted_[place(phase)]) log_flops(vectors_ * flops_[place(phase)]);  // of all pieces of the phase
  counted_[place(phase)] = true;
  end(events->phases[place(phase)]);
}
void LogObserver::exchanging(Exchange exchange) {
  if (events) begin(events->exchanges[place(exchange)]);
}
void LogObserver::exchanged(Exchange exchange, const Traffic& traffic) {
  if (!events) return;
  log_traffic(traffic);
  end(events->exchanges[place(exchange)]);
}

}  // namespace octopole::petsc
