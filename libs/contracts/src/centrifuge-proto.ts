/**
 * The Protobuf encoding of the Centrifuge client protocol, version 2: the messages and fields that an edge reads or writes,
 * under the protocol's own field numbers. A frame is a sequence of length-delimited `Command` (from the client) or `Reply`
 * (from the server). Unknown fields are skipped, as Protobuf does.
 */
export const CENTRIFUGE_PROTO = `
syntax = "proto3";

message Error { uint32 code = 1; string message = 2; bool temporary = 3; }

message Command {
  uint32 id = 1;
  ConnectRequest connect = 4;
  SubscribeRequest subscribe = 5;
  ChannelRequest unsubscribe = 6;
  PublishRequest publish = 7;
  ChannelRequest presence = 8;
  ChannelRequest presence_stats = 9;
  HistoryRequest history = 10;
  Empty ping = 11;
  DataHolder send = 12;
  RpcRequest rpc = 13;
  RefreshRequest refresh = 14;
  SubRefreshRequest sub_refresh = 15;
}

message Reply {
  uint32 id = 1;
  Error error = 2;
  Push push = 4;
  ConnectResult connect = 5;
  SubscribeResult subscribe = 6;
  Empty unsubscribe = 7;
  Empty publish = 8;
  PresenceResult presence = 9;
  PresenceStatsResult presence_stats = 10;
  HistoryResult history = 11;
  Empty ping = 12;
  DataHolder rpc = 13;
  RefreshResult refresh = 14;
  Empty sub_refresh = 15;
}

message Empty {}
message DataHolder { bytes data = 1; }
message ChannelRequest { string channel = 1; }

message Push {
  string channel = 2;
  Publication pub = 4;
  Unsubscribe unsubscribe = 7;
  Subscribe subscribe = 9;
}

message Publication { bytes data = 4; uint64 offset = 6; }
message Unsubscribe { uint32 code = 2; string reason = 3; }
message Subscribe { bool recoverable = 1; string epoch = 4; uint64 offset = 5; bool positioned = 6; }
message ClientInfo { string user = 1; string client = 2; }

message ConnectRequest {
  string token = 1;
  bytes data = 2;
  map<string, SubscribeRequest> subs = 3;
  string name = 4;
  string version = 5;
  map<string, string> headers = 6;
}

message ConnectResult {
  string client = 1;
  string version = 2;
  bool expires = 3;
  uint32 ttl = 4;
  map<string, SubscribeResult> subs = 6;
  uint32 ping = 7;
  bool pong = 8;
}

message SubscribeRequest {
  string channel = 1;
  string token = 2;
  bool recover = 3;
  string epoch = 6;
  uint64 offset = 7;
}

message SubscribeResult {
  bool recoverable = 3;
  string epoch = 6;
  repeated Publication publications = 7;
  bool recovered = 8;
  uint64 offset = 9;
  bool positioned = 10;
  bool was_recovering = 12;
}

message PublishRequest { string channel = 1; bytes data = 2; }
message PresenceResult { map<string, ClientInfo> presence = 1; }
message PresenceStatsResult { uint32 num_clients = 1; uint32 num_users = 2; }
message StreamPosition { uint64 offset = 1; string epoch = 2; }
message HistoryRequest { string channel = 1; int32 limit = 7; StreamPosition since = 8; bool reverse = 9; }
message HistoryResult { repeated Publication publications = 1; string epoch = 2; uint64 offset = 3; }
message RpcRequest { bytes data = 1; string method = 2; }
message RefreshRequest { string token = 1; }
message RefreshResult { string client = 1; string version = 2; bool expires = 3; uint32 ttl = 4; }
message SubRefreshRequest { string channel = 1; string token = 2; }
`
