//! The test's Slack against itself: each refusal in Slack's words, and each way in and out.
//!
//! It never uses Firebell: here an app is a few lines of raw HTTP and WebSocket.

mod answers;
mod app;
mod blocks;
mod http;
mod judges;
mod places;
mod sockets;
mod views;
mod web_api;

use super::*;
