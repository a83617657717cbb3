# An order service, as a copilot writes it when asked for "a bucket, a database and a queue".

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

provider "aws" {
  region = var.region
}

variable "region" {
  type    = string
  default = "eu-central-1"
}

variable "encrypt_database" {
  type    = bool
  default = false # the origin of a finding further down: this is where it is fixed
}

variable "database_password" {
  type      = string
  sensitive = true
}

resource "aws_s3_bucket" "uploads" {
  bucket = "acme-orders-uploads"

  tags = {
    Service = "orders"
  }
}

resource "aws_s3_bucket_public_access_block" "uploads" {
  bucket = aws_s3_bucket.uploads.id

  block_public_acls   = true
  block_public_policy = false # for the CDN, later
}

resource "aws_db_instance" "orders" {
  identifier          = "orders"
  engine              = "postgres"
  instance_class      = "db.t4g.medium"
  allocated_storage   = 50
  username            = "orders"
  password            = var.database_password
  storage_encrypted   = var.encrypt_database
  publicly_accessible = true
  skip_final_snapshot = true

  db_subnet_group_name   = aws_db_subnet_group.orders.name
  vpc_security_group_ids = [aws_security_group.database.id]
}

resource "aws_ebs_volume" "scratch" {
  availability_zone = "${var.region}a"
  size              = 100
}

resource "aws_sqs_queue" "orders" {
  name                      = "orders"
  message_retention_seconds = 345600
  sqs_managed_sse_enabled   = false
}

resource "aws_cloudwatch_log_group" "orders" {
  name = "/orders/service"
}

resource "aws_iam_policy" "orders" {
  name = "orders"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "*"
      Resource = "*"
    }]
  })
}
