// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// What a Polygon rollup manager says and emits, without anything behind it: anybody may send and prove.
/// Shapes: PolygonRollupManager.sol and AgglayerManager.sol of 0xPolygonHermez/zkevm-contracts.
contract RollupManagerEvents {
    struct RollupData {
        address rollupContract;
        uint64 chainID;
        address verifier;
        uint64 forkID;
        bytes32 lastLocalExitRoot;
        uint64 lastBatchSequenced;
        uint64 lastVerifiedBatch;
        uint64 lastPendingState;
        uint64 lastPendingStateConsolidated;
        uint64 lastVerifiedBatchBeforeUpgrade;
        uint64 rollupTypeID;
        uint8 rollupVerifierType;
    }

    event OnSequenceBatches(uint32 indexed rollupID, uint64 lastBatchSequenced);
    event VerifyBatches(
        uint32 indexed rollupID, uint64 numBatch, bytes32 stateRoot, bytes32 exitRoot, address indexed aggregator
    );
    event VerifyBatchesTrustedAggregator(
        uint32 indexed rollupID, uint64 numBatch, bytes32 stateRoot, bytes32 exitRoot, address indexed aggregator
    );
    event RollbackBatches(uint32 indexed rollupID, uint64 indexed targetBatch, bytes32 accInputHashToRollback);
    event EmergencyStateActivated();
    event EmergencyStateDeactivated();

    mapping(uint32 => RollupData) private rollups;
    bool public isEmergencyState;
    uint256 public getBatchFee = 0.1 ether;

    function rollupIDToRollupData(uint32 rollupID) external view returns (RollupData memory) {
        return rollups[rollupID];
    }

    function add(uint32 rollupID, uint64 chainID, address sequencer) external {
        RollupData storage rollup = rollups[rollupID];
        rollup.rollupContract = address(new RollupContract(sequencer));
        rollup.chainID = chainID;
        rollup.verifier = address(this);
        rollup.forkID = 12;
        rollup.rollupTypeID = 1;
    }

    function sequence(uint32 rollupID, uint64 last) public {
        rollups[rollupID].lastBatchSequenced = last;
        emit OnSequenceBatches(rollupID, last);
    }

    function verifyTrusted(uint32 rollupID, uint64 last) public {
        rollups[rollupID].lastVerifiedBatch = last;
        emit VerifyBatchesTrustedAggregator(rollupID, last, bytes32(uint256(last)), bytes32(0), msg.sender);
    }

    /// The proof of somebody else waits before it counts.
    function verifyPending(uint32 rollupID, uint64 last) external {
        emit VerifyBatches(rollupID, last, bytes32(uint256(last)), bytes32(0), msg.sender);
    }

    /// Several events of one transaction, also of another rollup.
    function sequenceSeveral(uint32 rollupID, uint32 other, uint64 first, uint64 last) external {
        sequence(rollupID, first);
        sequence(other, last);
        sequence(rollupID, last);
    }

    function rollBack(uint32 rollupID, uint64 target) external {
        rollups[rollupID].lastBatchSequenced = target;
        emit RollbackBatches(rollupID, target, bytes32(0));
    }

    function setEmergency(bool active) external {
        isEmergencyState = active;
        if (active) emit EmergencyStateActivated();
        else emit EmergencyStateDeactivated();
    }
}

/// The contract of one rollup of the manager.
contract RollupContract {
    address public trustedSequencer;

    constructor(address sequencer) {
        trustedSequencer = sequencer;
    }
}

/// What a rollup's own contract from before the manager says and emits.
/// Shapes: PolygonZkEVM.sol and CDKValidium.sol of the same repository, at their versions before the manager.
contract StandaloneRollupEvents {
    event SequenceBatches(uint64 indexed numBatch);
    event SequenceForceBatches(uint64 indexed numBatch);
    event VerifyBatches(uint64 indexed numBatch, bytes32 stateRoot, address indexed aggregator);
    event VerifyBatchesTrustedAggregator(uint64 indexed numBatch, bytes32 stateRoot, address indexed aggregator);
    event EmergencyStateActivated();

    uint64 public lastBatchSequenced;
    uint64 public lastVerifiedBatch;
    bool public isEmergencyState;
    uint256 public batchFee = 0.25 ether;
    address public trustedSequencer;
    address public trustedAggregator;
    uint64 public chainID;

    constructor(uint64 id, address sequencer, address aggregator) {
        (chainID, trustedSequencer, trustedAggregator) = (id, sequencer, aggregator);
    }

    function sequence(uint64 last) external {
        lastBatchSequenced = last;
        emit SequenceBatches(last);
    }

    function sequenceForced(uint64 last) external {
        lastBatchSequenced = last;
        emit SequenceForceBatches(last);
    }

    function verifyTrusted(uint64 last) external {
        lastVerifiedBatch = last;
        emit VerifyBatchesTrustedAggregator(last, bytes32(uint256(last)), msg.sender);
    }
}

/// As much of an ERC-20 as is read of one.
contract RollupFeeToken {
    mapping(address => uint256) public balanceOf;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }
}
