// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// Answers of every kind: what it was told to, and what no signature promises.
contract Answers {
    error TooLow(uint256 least);

    uint112 r0;
    uint112 r1;
    int256 public drift;
    bool public paused;
    string public version;
    address[] private all;
    mapping(address => mapping(uint8 => uint256)) public limits;

    function set(uint112 first, uint112 second, int256 by, bool stop, string calldata words) external {
        (r0, r1, drift, paused, version) = (first, second, by, stop, words);
    }

    function addOwner(address owner) external {
        all.push(owner);
    }

    function limit(address of_, uint8 kind, uint256 amount) external {
        limits[of_][kind] = amount;
    }

    function getReserves() external view returns (uint112, uint112, uint32) {
        return (r0, r1, uint32(block.timestamp));
    }

    function owners() external view returns (address[] memory) {
        return all;
    }

    function pair() external view returns (uint256 id, int64[2] memory prices) {
        return (block.number, [int64(drift), int64(-drift)]);
    }

    function here() external view returns (uint256) {
        return block.number;
    }

    function refuses() external pure returns (uint256) {
        revert("the pool rests");
    }

    function panics(uint256 by) external pure returns (uint256) {
        return 1 / by;
    }

    function tooLow() external pure returns (uint256) {
        revert TooLow(7);
    }

    /// Returns whatever bytes it is given.
    function raw(bytes calldata answer) external pure returns (uint256) {
        bytes memory copy = answer;
        assembly {
            return(add(copy, 32), mload(copy))
        }
    }
}
