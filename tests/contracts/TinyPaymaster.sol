// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

interface IEntryPoint {
    function addStake(uint32 unstakeDelay) external payable;
    function unlockStake() external;
    function withdrawTo(address payable to, uint256 amount) external;
}

struct PackedUserOperation {
    address sender;
    uint256 nonce;
    bytes initCode;
    bytes callData;
    bytes32 accountGasLimits;
    uint256 preVerificationGas;
    bytes32 gasFees;
    bytes paymasterAndData;
    bytes signature;
}

/// Pays for every operation: a paymaster of EntryPoint 0.7 and later, which ship none that does.
contract TinyPaymaster {
    IEntryPoint public immutable entryPoint;
    address public immutable owner;

    constructor(IEntryPoint at) {
        entryPoint = at;
        owner = msg.sender;
    }

    function validatePaymasterUserOp(PackedUserOperation calldata, bytes32, uint256)
        external
        view
        returns (bytes memory, uint256)
    {
        require(msg.sender == address(entryPoint), "not the entry point");
        return ("", 0);
    }

    function postOp(uint8, bytes calldata, uint256, uint256) external {}

    function addStake(uint32 unstakeDelay) external payable {
        require(msg.sender == owner, "not the owner");
        entryPoint.addStake{value: msg.value}(unstakeDelay);
    }

    function unlockStake() external {
        require(msg.sender == owner, "not the owner");
        entryPoint.unlockStake();
    }

    function withdrawTo(address payable to, uint256 amount) external {
        require(msg.sender == owner, "not the owner");
        entryPoint.withdrawTo(to, amount);
    }
}
